/**
 * A location together with the store that it belongs to.
 *
 * @module
 */
import { Masked } from "./masked.ts";
import type { StoreLocation, UriOptions } from "./store_location.ts";

/**
 * Where an image is: the store's name and the location in its driver's terms.
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
  /** Binds a store's name and a location. */
  constructor(
    /** Name of the store, as configured. */
    readonly storeName: string,
    /** The location in the driver's terms. */
    readonly storeLocation: StoreLocation,
    /** The image's path in its store, where the location is inside the store's tree. */
    readonly imageId?: string | undefined,
  ) {
    super();
  }

  /** The URI's scheme, without the colon. */
  get scheme(): string {
    return this.storeLocation.scheme;
  }

  /** The location URI, without credentials unless they are asked for. */
  uri(options: UriOptions = {}): string {
    return this.storeLocation.uri(options);
  }

  /** glance_store's name for {@linkcode uri} without credentials. */
  getStoreUri(): string {
    return this.uri();
  }

  /** The location URI with its credentials masked. */
  override toString(): string {
    return this.storeLocation.toString();
  }
}
