/**
 * Swift's own login, version 1: tempauth, and radosgw.
 *
 * @module
 */
import { BadAuthStrategy } from "../../errors/mod.ts";
import type { Transport } from "../../transport/mod.ts";
import { refusal } from "./keystone.ts";
import type { Reference } from "./credentials.ts";
import type { Access } from "./session.ts";

/** Logs in (https://docs.openstack.org/swift/latest/overview_auth.html). Throws as Keystone does. */
export async function loginV1(
  transport: Transport,
  reference: Reference,
  trusted: boolean,
): Promise<Access> {
  const response = await transport.send({
    url: reference.authAddress,
    trusted,
    redirect: "refuse",
    prepare: ({ headers }) => {
      headers.set("x-auth-user", reference.user!);
      headers.set("x-auth-key", reference.key!);
    },
    fail: refusal,
  });
  const { headers } = response;
  await response.release();
  const token = headers.get("x-auth-token") ?? headers.get("x-storage-token");
  const accountUrl = headers.get("x-storage-url");
  if (!token || !accountUrl) {
    throw new BadAuthStrategy("the login gave no token and account: check authVersion");
  }
  const seconds = headers.get("x-auth-token-expires");
  const expires = seconds === null ? undefined : Date.now() + Number(seconds) * 1000;
  return { token, accountUrl, expires };
}
