/**
 * Finds the store of a URI: schemes registered by store.
 *
 * @module
 */
import { BadStoreUri, UnknownScheme, UnsupportedBackend } from "../errors/mod.ts";
import { Location } from "./location.ts";
import type { StoreLocation } from "./store_location.ts";
import { maskUri } from "./masked.ts";

/** What a store registers for each of its schemes. */
export interface SchemeEntry {
  /**
   * Parses a URI of the scheme.
   *
   * @param uri The whole URI.
   * @returns What the URI names, in the terms of the driver.
   * @throws {BadStoreUri} If it is malformed.
   */
  parse(uri: string): StoreLocation;
  /**
   * Returns whether a location lies in the store.
   *
   * @param location A location that `parse` returned.
   * @returns Whether it does.
   */
  owns(location: StoreLocation): boolean;
  /**
   * Returns the path of an image in the store.
   *
   * @param location A location that the store owns.
   * @returns The image id, or `undefined` if the location is outside the store's tree.
   */
  imageIdOf(location: StoreLocation): string | undefined;
}

/**
 * Schemes by store. Several stores may share a scheme: a URI belongs to the store that was registered
 * first among those that own it.
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

  /**
   * Registers a store for a scheme. An earlier registration of the same two is replaced.
   *
   * @param scheme The scheme, in lower case, without the colon.
   * @param storeName The store, as it is configured.
   * @param entry What the store does with URIs of the scheme.
   */
  register(scheme: string, storeName: string, entry: SchemeEntry): void {
    const stores = this.#entries.get(scheme) ?? new Map<string, SchemeEntry>();
    this.#entries.set(scheme, stores.set(storeName, entry));
  }

  /**
   * Returns the schemes of all stores.
   *
   * @returns Each scheme once, without the colon.
   */
  getKnownSchemes(): string[] {
    return [...this.#entries.keys()];
  }

  /**
   * Returns the location that a URI names, in the first store that owns it.
   *
   * @param uri The location URI.
   * @returns The location with the name of its store.
   * @throws {UnknownScheme} If no store has the scheme.
   * @throws {BadStoreUri} If no store owns the URI.
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
   * Returns the location that a URI names in one store.
   *
   * @param uri The location URI.
   * @param backend The name of the store.
   * @returns The location, bound to that store.
   * @throws {UnknownScheme} If no store has the scheme.
   * @throws {UnsupportedBackend} If this store does not have the scheme.
   * @throws {BadStoreUri} If the store does not own the URI.
   */
  getLocationFromUriAndBackend(uri: string, backend: string): Location {
    const entry = this.#stores(uri).get(backend);
    if (entry === undefined) {
      throw new UnsupportedBackend(`the store does not have the scheme of ${maskUri(uri)}`, {
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
