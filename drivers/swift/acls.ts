/**
 * ACLs as the headers of containers hold them
 * (https://docs.openstack.org/swift/latest/overview_acl.html).
 *
 * @module
 */
import { StoreAclsNotSupported } from "../../errors/mod.ts";
import type { Acls } from "../../store/types.ts";

/** Anybody at all; glance_store's own `*:*` is anybody with a token. */
const ANYBODY = ".r:*";

/**
 * Returns the headers of a container that grant what the ACLs say, and everything to the admin tenants.
 *
 * @param acls The ACLs.
 * @param adminTenants The project ids of the admin tenants.
 * @returns The headers `X-Container-Read` and `X-Container-Write`.
 * @throws {StoreAclsNotSupported} If the headers cannot hold the id of a tenant.
 *
 * @example A public image
 * ```ts
 * import { aclHeaders } from "./acls.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(aclHeaders({ public: true, readTenants: ["blue"], writeTenants: [] }, ["ops"]), {
 *   "x-container-read": ".r:*,blue:*,ops:*",
 *   "x-container-write": "ops:*",
 * });
 * ```
 */
export function aclHeaders(acls: Acls, adminTenants: readonly string[]): Record<string, string> {
  const tenants = (ids: readonly string[]) =>
    [...new Set([...ids, ...adminTenants])].map((id) => {
      if (!/^[^\s,:.][^\s,:]*$/.test(id)) {
        throw new StoreAclsNotSupported(`${JSON.stringify(id)} is no tenant id for a Swift ACL`);
      }
      return `${id}:*`;
    });
  const readers = [...(acls.public ? [ANYBODY] : []), ...tenants(acls.readTenants)];
  return {
    "x-container-read": readers.join(","),
    "x-container-write": tenants(acls.writeTenants).join(","),
  };
}

/**
 * Parses what the headers of a container grant.
 *
 * @param headers The headers.
 * @param adminTenants The project ids of the admin tenants, which are left out.
 * @returns The ACLs.
 */
export function readAclHeaders(headers: Headers, adminTenants: readonly string[]): Acls {
  const entries = (name: string) =>
    (headers.get(name) ?? "").split(",").map((entry) => entry.trim()).filter(Boolean);
  // An entry is `<tenant>:<user>`, a tenant alone, or one of the elements that begin with a dot.
  const tenants = (list: readonly string[]) =>
    list.filter((entry) => /^[^.:]+(:\*)?$/.test(entry)).map((entry) => entry.replace(/:\*$/, ""))
      .filter((id) => !adminTenants.includes(id));
  const readers = entries("x-container-read");
  return {
    public: readers.includes(ANYBODY),
    readTenants: tenants(readers),
    writeTenants: tenants(entries("x-container-write")),
  };
}
