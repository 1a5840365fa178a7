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
 * A single-tenant store keeps all images in its own account. A multi-tenant one keeps each in its
 * caller's account, in a container of its own which carries the ACLs. The caller is the `context` of an
 * operation; its token is enough where `authAddress` is that of its Keystone. Default: the store's own
 * user. A context without a token can read what is public.
 *
 * An image is one object or a large object, whole or not at all: the manifest comes last. No image is
 * overwritten: of two adds of one id at once one is `Duplicate`, as far as the cluster's listings are
 * up to date and both are made by this driver; glance_store overwrites.
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
    BitMasks.METADATA;
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
