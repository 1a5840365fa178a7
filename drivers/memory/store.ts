/**
 * The memory store: everything that a store can do, in the memory of the process. For tests, for
 * caches, and as the reference of what the contract means.
 *
 * @module
 */
import { BitMasks } from "../../capabilities/mod.ts";
import type { StoreLocationClass } from "../../location/mod.ts";
import type { DriverClass } from "../../store/driver.ts";
import type { OptionDefinitions, StoreOptions } from "../../store/options.ts";
import { Store } from "../../store/store.ts";
import { MemoryDriver } from "./driver.ts";
import { MemoryLocation } from "./location.ts";
import { type MemoryOptions, OPTIONS } from "./options.ts";

/**
 * A store in memory. ACLs are enforced: a caller with a `context.tenant` reads and writes what its
 * tenant added or was granted, a caller without one is the operator.
 *
 * @example ACLs by who can read
 * ```ts
 * import { Forbidden } from "@vitrine/vitrine";
 * import { MemoryStore } from "@vitrine/vitrine/memory";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const store = new MemoryStore("scratch");
 * const alice = { context: { tenant: "alice" } };
 * const bob = { context: { tenant: "bob" } };
 * await store.add("a.img", new Uint8Array(3), alice);
 * await assertRejects(() => store.get("a.img", bob), Forbidden);
 * await store.setAcls("a.img", { readTenants: ["bob"] }, alice);
 * assertEquals((await store.get("a.img", bob)).size, 3);
 * ```
 */
export class MemoryStore extends Store<MemoryLocation, MemoryOptions> {
  /** The driver. */
  static override readonly DRIVER: DriverClass = MemoryDriver;
  /** The options, as data. */
  static override readonly OPTIONS: OptionDefinitions = OPTIONS;
  /** `memory`. */
  static override readonly SCHEMES: readonly string[] = ["memory"];
  /** Everything but snapshots, presigned URLs and sparse images. */
  static override readonly CAPABILITIES: number = BitMasks.ALL | BitMasks.ACL_READ |
    BitMasks.ACL_WRITE | BitMasks.LIST | BitMasks.COPY | BitMasks.CHECKSUM |
    BitMasks.METADATA;
  /** {@linkcode MemoryLocation}. */
  static override readonly LOCATION: StoreLocationClass<MemoryLocation> = MemoryLocation;

  /**
   * Creates a store. Nothing is opened yet.
   *
   * @param name Name of the store: one segment of a path.
   * @param options The options of the driver.
   * @throws {BadStoreConfiguration} If an option is unknown, missing or has a value that is not allowed.
   */
  constructor(name: string, options: MemoryOptions & StoreOptions = {}) {
    super(name, { ...options });
  }
}
