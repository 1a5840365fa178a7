/**
 * The Swift store: images in OpenStack Swift, or in radosgw's Swift API, as glance_store keeps them.
 *
 * @module
 */
import { BitMasks } from "../../capabilities/mod.ts";
import type { StoreLocationClass } from "../../location/mod.ts";
import type { DriverClass } from "../../store/driver.ts";
import type { OptionDefinitions, StoreOptions } from "../../store/options.ts";
import { Store } from "../../store/store.ts";
import { SwiftDriver } from "./driver.ts";
import { SCHEMES, SwiftLocation } from "./location.ts";
import { OPTIONS, type SwiftOptions, type SwiftSettings } from "./options.ts";

/**
 * A store in Swift.
 *
 * A single-tenant store keeps all images in its own account. A multi-tenant store keeps each image in the
 * account of its caller, in a container of its own, which carries the ACLs. The caller is the `context` of
 * the operation. If `authAddress` names the Keystone of the callers, their token is enough. Without a
 * context, the store's own user is the caller, if there is one. A context without a token can read what is
 * public.
 *
 * An image is one object or a large object. It appears whole or not at all, because its manifest is written
 * last. No image is overwritten: of two adds of one id at the same time, one throws `Duplicate`. That holds
 * between programs that use this driver, as far as the cluster's listings are up to date. glance_store
 * overwrites.
 *
 * @example One account
 * ```ts
 * import { SwiftStore } from "@vitrine/vitrine/swift";
 *
 * async function upload(): Promise<string> {
 *   await using store = new SwiftStore("images", {
 *     authAddress: "https://keystone.example.org/v3",
 *     user: "service:glance",
 *     key: "secret",
 *     createContainerOnPut: true,
 *   });
 *   const { location } = await store.add("71c675ab", await fetch("https://example.org/disk.img"));
 *   return location.uri(); // swift+config://ref1/glance/71c675ab
 * }
 * ```
 */
export class SwiftStore extends Store<SwiftLocation, SwiftSettings> {
  /** The driver. */
  static override readonly DRIVER: DriverClass = SwiftDriver;
  /** The options, as data. */
  static override readonly OPTIONS: OptionDefinitions = OPTIONS;
  /** `swift+config`, `swift+https`, `swift+http` and `swift`. */
  static override readonly SCHEMES: readonly string[] = SCHEMES;
  /** Reading from anywhere, writing, listing and copying; ACLs and presigned URLs if configured. */
  static override readonly CAPABILITIES: number = BitMasks.READ_RANDOM | BitMasks.WRITE_ACCESS |
    BitMasks.DRIVER_REUSABLE | BitMasks.LIST | BitMasks.COPY | BitMasks.CHECKSUM |
    BitMasks.METADATA | BitMasks.RESUME;
  /** {@linkcode SwiftLocation}. */
  static override readonly LOCATION: StoreLocationClass<SwiftLocation> = SwiftLocation;

  /**
   * Creates a store. Nothing is opened yet.
   *
   * @param name Name of the store: one segment of a path.
   * @param options The options of the driver.
   * @throws {BadStoreConfiguration} If an option is unknown, missing or has a value that is not allowed.
   */
  constructor(name: string, options: SwiftOptions & StoreOptions = {}) {
    super(name, { ...options });
  }
}
