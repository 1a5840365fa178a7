/**
 * Which names a server may be called by. A page of an attacker's site whose name leads to 127.0.0.1
 * (DNS rebinding) has that site's name as its Host.
 *
 * @module
 */

/**
 * Creates the check of the Host field for a server.
 *
 * @param hostname The address that the server listens on.
 * @param allowed Further names, such as `images.example.org`, or `*` for any.
 * @returns A function that returns whether a request with that Host field is served. On a loopback
 * address these are `localhost`, the names below it, loopback addresses, and the names that are
 * allowed. On any other address all are served, unless names are given: then they, loopback names and
 * all addresses are. A request without the field is of a client that has no pages: it is served.
 *
 * @example A server of this machine only
 * ```ts
 * import { hostGuard } from "./host_guard.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const isAllowed = hostGuard("127.0.0.1", ["images.example.org"]);
 * assertEquals(isAllowed("localhost:8080"), true);
 * assertEquals(isAllowed("images.example.org"), true);
 * assertEquals(isAllowed("attacker.example"), false);
 * ```
 */
export function hostGuard(
  hostname: string,
  allowed: readonly string[] = [],
): (host: string | null) => boolean {
  const names = new Set(allowed.map((name) => bareName(name)));
  const isLocal = isLoopback(bareName(hostname));
  if (names.has("*") || (!isLocal && names.size === 0)) return () => true;
  return (host) => {
    if (host === null) return true;
    const name = bareName(host);
    return names.has(name) || isLoopback(name) || (!isLocal && isAddress(name));
  };
}

/**
 * Returns whether a name or an address leads to this machine only.
 *
 * @param host A name, or an address with or without brackets.
 * @returns Whether it is `localhost`, a name below it, or a loopback address.
 */
export function isLoopback(host: string): boolean {
  return /^(?:.+\.)?localhost\.?$/i.test(host) || /^\[?::1\]?$/.test(host) ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function isAddress(name: string): boolean {
  return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(name) || name.startsWith("[");
}

/** Returns a host without its port and without the dot of the root, in lower case. */
function bareName(host: string): string {
  // An IPv6 address without brackets has no port.
  const isBareAddress = !host.startsWith("[") && host.split(":").length > 2;
  const name = isBareAddress ? host : host.replace(/:\d*$/, "");
  return name.toLowerCase().replace(/(?<=.)\.$/, "");
}
