/**
 * Who asks, for stores that serve several tenants: what OpenStack's own clients read in the
 * environment. There is no option for a token, since everybody on the machine can read those.
 *
 * @module
 */
import type { StoreContext } from "../store/mod.ts";
import type { Environment } from "../config/environment.ts";
import { Misuse } from "./command.ts";

/** The variables, as help shows them. */
export const CALLER: readonly string[] = [
  "OS_TOKEN       act by this token of Keystone's; OS_AUTH_TOKEN means the same",
  "OS_AUTH_URL    Keystone, where the store's configuration does not name it",
  "OS_PROJECT_ID  the token's project, where the store's endpoint has a place for it",
];

/**
 * The caller that the environment and `--tenant` say; `undefined` where they say none: then stores
 * act as the user that their configuration names. Throws `Misuse`, which does not show the token.
 */
export function callerOf(env: Environment, tenant: string | undefined): StoreContext | undefined {
  const token = env["OS_TOKEN"] || env["OS_AUTH_TOKEN"];
  if (!token) return tenant === undefined ? undefined : { tenant };
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new Misuse("OS_TOKEN holds what no token has: spaces, or more than ASCII");
  }
  return {
    token,
    tenant: tenant ?? (env["OS_PROJECT_ID"] || env["OS_TENANT_ID"] || undefined),
    authUrl: env["OS_AUTH_URL"] || undefined,
  };
}
