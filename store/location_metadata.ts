/**
 * What the metadata of a location may hold.
 *
 * @module
 */
import { BackendException } from "../errors/mod.ts";

/**
 * Checks that metadata is made of records, lists and strings alone, as glance_store demands. Throws
 * `BackendException`, which names the key.
 *
 * @example Good and bad metadata
 * ```ts
 * import { BackendException, checkLocationMetadata } from "@vitrine/vitrine";
 * import { assertThrows } from "@std/assert";
 *
 * checkLocationMetadata({ store: "local", hosts: ["a", "b"] });
 * assertThrows(() => checkLocationMetadata({ port: 80 }), BackendException, "port");
 * ```
 */
export function checkLocationMetadata(value: unknown, key = ""): void {
  if (typeof value === "string") return;
  if (typeof value !== "object" || value === null) {
    throw new BackendException(
      `the location metadata "${key}" is a ${typeof value}, not a record, a list or a string`,
    );
  }
  for (const [name, inner] of Object.entries(value)) {
    checkLocationMetadata(inner, key === "" ? name : `${key}.${name}`);
  }
}
