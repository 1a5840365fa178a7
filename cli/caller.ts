/**
 * The caller that a store of several tenants acts for, from the variables that OpenStack's own clients
 * read. There is no option for a token: everybody on a machine can read command lines.
 *
 * @module
 */
import type { StoreContext } from "../store/mod.ts";
import { UsageError } from "./command.ts";

/** The variables, for help and the manual. */
export const CALLER_VARIABLES: readonly (readonly [string, string])[] = [
  ["OS_TOKEN", "act by this token of Keystone; OS_AUTH_TOKEN means the same"],
  ["OS_AUTH_URL", "Keystone, if the store's configuration does not name it"],
  ["OS_PROJECT_ID", "the token's project, if the store's endpoint has a place for it"],
];

/**
 * Reads the caller from the environment and `--tenant`.
 *
 * @param tenant The value of `--tenant`.
 * @param read Reads an environment variable, if a store acts for its callers.
 * @returns The caller, or `undefined`: then stores act as the user of their configuration.
 * @throws {UsageError} If the token has characters that no token has. The token is not shown.
 */
export function readCaller(
  tenant: string | undefined,
  read: (name: string) => string | undefined,
): StoreContext | undefined {
  const token = read("OS_TOKEN") || read("OS_AUTH_TOKEN");
  if (!token) return tenant === undefined ? undefined : { tenant };
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new UsageError("OS_TOKEN has characters that no token has: spaces, or more than ASCII");
  }
  return {
    token,
    tenant: tenant ?? (read("OS_PROJECT_ID") || read("OS_TENANT_ID") || undefined),
    authUrl: read("OS_AUTH_URL") || undefined,
  };
}
