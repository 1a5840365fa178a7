/**
 * A location together with the store that it belongs to.
 *
 * @module
 */
import { Masked } from "./masked.ts";
import type { StoreLocation, UriOptions } from "./store_location.ts";

/**
 * The place of an image: the name of its store, and the location in the terms of the store's driver.
 *
 * @example The location that `add` resolves to
 * ```ts
 * import { MemoryStore } from "@vitrine/vitrine/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new MemoryStore("scratch");
 * const { location } = await store.add("a.img", new Uint8Array(3));
 * assertEquals(location.uri(), "memory://scratch/a.img");
 * assertEquals(location.storeName, "scratch");
 * ```
 */
export class Location extends Masked {
  /**
   * Binds a location to its store.
   *
   * @param storeName The name of the store, as it is configured.
   * @param storeLocation The location in the terms of the driver.
   * @param imageId The path of the image in its store, if the location is inside the store's tree.
   */
  constructor(
    /** The name of the store, as it is configured. */
    readonly storeName: string,
    /** The location in the terms of the driver. */
    readonly storeLocation: StoreLocation,
    /** The path of the image in its store, if the location is inside the store's tree. */
    readonly imageId?: string | undefined,
  ) {
    super();
  }

  /** The scheme of the URI, without the colon. */
  get scheme(): string {
    return this.storeLocation.scheme;
  }

  /**
   * Returns the location URI.
   *
   * @param options Whether credentials are in it. Default: they are left out.
   * @returns The URI, as glance_store reads it.
   */
  uri(options: UriOptions = {}): string {
    return this.storeLocation.uri(options);
  }

  /**
   * Returns the location URI without credentials, by glance_store's name for it.
   *
   * @returns What {@linkcode uri} returns.
   */
  getStoreUri(): string {
    return this.uri();
  }

  /**
   * Returns the location URI for people.
   *
   * @returns The URI with `***` in place of its credentials.
   */
  override toString(): string {
    return this.storeLocation.toString();
  }
}
