/**
 * Which store answers to which URI: schemes registered by store.
 *
 * @module
 */
import { BadStoreUri, UnknownScheme, UnsupportedBackend } from "../errors/mod.ts";
import { Location } from "./location.ts";
import type { StoreLocation } from "./store_location.ts";
import { maskUri } from "./masked.ts";

/** What a store registers for each of its schemes. */
export interface SchemeEntry {
  /** Reads a URI of the scheme; throws `BadStoreUri`. */
  parse(uri: string): StoreLocation;
  /** Whether the location lies in the store. */
  owns(location: StoreLocation): boolean;
  /** The image's path in the store, where the location is inside the store's tree. */
  imageIdOf(location: StoreLocation): string | undefined;
}

/**
 * Schemes by store. Several stores may share a scheme; a URI goes to the first registered that owns
 * it.
 *
 * @example Finding the store of a URI
 * ```ts
 * import { SchemeMap } from "@vitrine/vitrine";
 * import { MemoryLocation } from "@vitrine/vitrine/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const schemes = new SchemeMap();
 * schemes.register("memory", "scratch", {
 *   parse: (uri) => MemoryLocation.parse(uri),
 *   owns: (location) => location instanceof MemoryLocation && location.store === "scratch",
 *   imageIdOf: (location) => location.path,
 * });
 * assertEquals(schemes.getLocationFromUri("memory://scratch/a").storeName, "scratch");
 * ```
 */
export class SchemeMap {
  readonly #entries = new Map<string, Map<string, SchemeEntry>>();

  /** Registers a store for a scheme, replacing an earlier registration of the same two. */
  register(scheme: string, storeName: string, entry: SchemeEntry): void {
    const stores = this.#entries.get(scheme) ?? new Map<string, SchemeEntry>();
    this.#entries.set(scheme, stores.set(storeName, entry));
  }

  /** The schemes that some store answers to. */
  getKnownSchemes(): string[] {
    return [...this.#entries.keys()];
  }

  /**
   * The location that a URI names, in the first store that owns it.
   *
   * Throws `UnknownScheme` if no store has the scheme and `BadStoreUri` if none owns the URI.
   */
  getLocationFromUri(uri: string): Location {
    const stores = this.#stores(uri);
    for (const [storeName, entry] of stores) {
      const location = entry.parse(uri);
      if (entry.owns(location)) {
        return new Location(storeName, location, entry.imageIdOf(location));
      }
    }
    throw new BadStoreUri(`no configured store holds ${maskUri(uri)}`);
  }

  /**
   * The location that a URI names in one store.
   *
   * Throws `UnknownScheme`, `UnsupportedBackend` if the store does not have the scheme, and
   * `BadStoreUri` if it does not own the URI.
   */
  getLocationFromUriAndBackend(uri: string, backend: string): Location {
    const entry = this.#stores(uri).get(backend);
    if (entry === undefined) {
      throw new UnsupportedBackend(`the store does not answer to ${maskUri(uri)}`, {
        store: backend,
      });
    }
    const location = entry.parse(uri);
    if (!entry.owns(location)) {
      throw new BadStoreUri(`${maskUri(uri)} lies outside the store`, { store: backend });
    }
    return new Location(backend, location, entry.imageIdOf(location));
  }

  #stores(uri: string): Map<string, SchemeEntry> {
    const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase() ?? "";
    const stores = this.#entries.get(scheme);
    if (stores === undefined) {
      throw new UnknownScheme(
        `no configured store has the scheme "${scheme}" (${this.getKnownSchemes().join(", ")})`,
      );
    }
    return stores;
  }
}
