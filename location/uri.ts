/**
 * Takes location URIs apart.
 *
 * @module
 */
import { BadStoreUri } from "../errors/mod.ts";
import { maskUri } from "./masked.ts";

/** The parts of a location URI, none of them decoded. */
export interface UriParts {
  /** The scheme in lower case, without the colon. */
  scheme: string;
  /** What stands before the last `@` of the authority, or `undefined`. */
  userinfo: string | undefined;
  /** Host and port, as written. */
  host: string;
  /** From the first `/` after the authority to the end, or empty. */
  path: string;
}

/**
 * Splits a location URI without decoding anything. glance_store's URIs are not all RFC 3986 (an S3
 * secret key may hold a `/`, a file path may hold anything), so that `URL` would change them.
 *
 * @param uri The whole URI.
 * @param schemes The schemes that are allowed, in lower case, without the colon.
 * @returns The parts, none of them decoded.
 * @throws {BadStoreUri} If it is no URI, has another scheme, or holds a control character.
 *
 * @example The parts of a URI
 * ```ts
 * import { splitUri } from "@vitrine/vitrine";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(splitUri("http://me:pw@host:8080/a/b?c", ["http"]), {
 *   scheme: "http",
 *   userinfo: "me:pw",
 *   host: "host:8080",
 *   path: "/a/b?c",
 * });
 * ```
 */
export function splitUri(uri: string, schemes: readonly string[]): UriParts {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(uri);
  const scheme = match?.[1]?.toLowerCase();
  if (match === null || !schemes.includes(scheme!)) {
    throw new BadStoreUri(
      `a location URI must start with ${schemes.map((s) => `${s}://`).join(", ")}: ${maskUri(uri)}`,
    );
  }
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(uri)) {
    throw new BadStoreUri("the location URI holds a control character");
  }
  const rest = match[2]!;
  const slash = rest.indexOf("/");
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const at = authority.lastIndexOf("@");
  return {
    scheme: scheme!,
    userinfo: at < 0 ? undefined : authority.slice(0, at),
    host: authority.slice(at + 1),
    path: slash < 0 ? "" : rest.slice(slash),
  };
}
