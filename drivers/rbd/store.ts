/**
 * The RBD store: images as block images of a Ceph pool, as glance_store keeps them.
 *
 * @module
 */
import { BitMasks } from "../../capabilities/mod.ts";
import { checkImageId, Location, type StoreLocationClass } from "../../location/mod.ts";
import type { DriverClass } from "../../store/driver.ts";
import type { OptionDefinitions, StoreOptions } from "../../store/options.ts";
import { Store } from "../../store/store.ts";
import type { ImageRef, OperationOptions } from "../../store/types.ts";
import { RbdDriver } from "./driver.ts";
import { RbdLocation } from "./location.ts";
import { OPTIONS, type RbdOptions } from "./options.ts";

/**
 * A store in a pool of a Ceph cluster, over librbd. Images are what glance_store makes: an RBD image
 * with a protected snapshot `snap`, which is what is read. One that has no such snapshot is not
 * whole, and is not there for this store.
 *
 * RBD's names are flat, but may hold slashes: an image id is the name of its RBD image. The `rbd`
 * command cannot name an image with a slash; glance_store can.
 *
 * @example An image and a copy-on-write clone of it
 * ```ts
 * import { RbdStore } from "@vitrine/vitrine/rbd";
 *
 * async function boot(disk: Blob) {
 *   await using store = new RbdStore("ceph", { user: "glance", connectTimeout: 10 });
 *   await store.add("debian-12", disk);
 *   await store.clone("debian-12", "server-1");
 *   const { metadata } = await store.stat("server-1");
 *   console.log(metadata?.["parent"]);
 * }
 * ```
 */
export class RbdStore extends Store<RbdLocation, Required<RbdOptions>> {
  /** The driver. */
  static override readonly DRIVER: DriverClass = RbdDriver;
  /** The options, as data. */
  static override readonly OPTIONS: OptionDefinitions = OPTIONS;
  /** `rbd`. */
  static override readonly SCHEMES: readonly string[] = ["rbd"];
  /** Reading anywhere, writing, listing, copying; sparse images where `thinProvisioning` is on. */
  static override readonly CAPABILITIES: number = BitMasks.READ_RANDOM | BitMasks.WRITE_ACCESS |
    BitMasks.LIST | BitMasks.COPY | BitMasks.SNAPSHOT | BitMasks.CHECKSUM;
  /** {@linkcode RbdLocation}. */
  static override readonly LOCATION: StoreLocationClass<RbdLocation> = RbdLocation;

  /**
   * Creates a store. Nothing is opened yet.
   *
   * @param name Name of the store: one segment of a path.
   * @param options The options of the driver.
   * @throws {BadStoreConfiguration} If an option is unknown, missing or has a value that is not allowed.
   */
  constructor(name: string, options: RbdOptions & StoreOptions = {}) {
    super(name, { ...options });
  }

  /**
   * Creates a copy-on-write child of an image: an image at once, whatever the size, which takes space
   * only for what is its own. The parent cannot be deleted until the child is, or is flattened.
   *
   * @param image The parent.
   * @param imageId The id of the child.
   * @param options The caller, and an abort signal.
   * @returns Where the child is.
   * @throws {NotFound} If there is no such image.
   * @throws {Duplicate} If the new id exists.
   * @throws {StoreAddDisabled} If the store cannot be written.
   */
  clone(image: ImageRef, imageId: string, options: OperationOptions = {}): Promise<Location> {
    return this.modify("clone", image, options, async (from) => {
      const location = await this.#driver.clone(from, checkImageId(imageId), options);
      return new Location(this.name, location, imageId);
    });
  }

  /**
   * Makes a clone independent of its parent, by copying what is the parent's.
   *
   * @param image The clone.
   * @param options The caller, and an abort signal.
   * @throws {NotFound} If there is no such image.
   */
  flatten(image: ImageRef, options: OperationOptions = {}): Promise<void> {
    return this.modify("flatten", image, options, (location) => {
      return this.#driver.flatten(location, options);
    });
  }

  get #driver(): RbdDriver {
    return this.driver as RbdDriver;
  }
}
