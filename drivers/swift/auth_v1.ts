/**
 * Swift's own login, version 1: tempauth, and radosgw.
 *
 * @module
 */
import { BadAuthStrategy } from "../../errors/mod.ts";
import { parseCount } from "../../streams/encoding.ts";
import type { Transport } from "../../transport/mod.ts";
import { checkAccountUrl } from "./catalog.ts";
import { refusal } from "./keystone.ts";
import type { Credentials } from "./credentials.ts";
import type { Access } from "./session.ts";

/**
 * Logs in (https://docs.openstack.org/swift/latest/overview_auth.html).
 *
 * @param transport Sends the request.
 * @param credentials Where to log in, and as which user.
 * @param trusted Whether the address comes from the configuration, not from a location URI.
 * @returns The token, its end and the account.
 * @throws {AuthorizationFailure} If the login is refused.
 * @throws {BadAuthStrategy} If the response is not that of such a login.
 * @throws {NoServiceEndpoint} If the account's URL is not one of http or https.
 */
export async function loginV1(
  transport: Transport,
  credentials: Credentials,
  trusted: boolean,
): Promise<Access> {
  const response = await transport.send({
    url: credentials.authAddress,
    trusted,
    redirect: "refuse",
    prepare: ({ headers }) => {
      headers.set("x-auth-user", credentials.user!);
      headers.set("x-auth-key", credentials.key!);
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
  const seconds = parseCount(headers.get("x-auth-token-expires"));
  const expires = seconds === undefined ? undefined : Date.now() + seconds * 1000;
  return { token, accountUrl: checkAccountUrl(accountUrl), expires };
}
