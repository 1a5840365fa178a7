/**
 * Locations of memory stores: `memory://<store>/<image id>`.
 *
 * @module
 */
import { BadStoreUri } from "../../errors/mod.ts";
import { checkImageId, splitUri, StoreLocation } from "../../location/mod.ts";

/**
 * A location in a memory store. Segments are percent-encoded (RFC 3986, section 3.3).
 *
 * @example Parsing and printing
 * ```ts
 * import { MemoryLocation } from "@vitrine/vitrine/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const location = MemoryLocation.parse("memory://scratch/iso/a%20b.iso");
 * assertEquals(location.path, "iso/a b.iso");
 * assertEquals(location.uri(), "memory://scratch/iso/a%20b.iso");
 * ```
 */
export class MemoryLocation extends StoreLocation {
  /** The scheme. */
  readonly scheme = "memory";

  /**
   * Creates the location of an image in memory.
   *
   * @param store The store that has the image, by its name in the configuration.
   * @param path The id of the image, not percent-encoded.
   */
  constructor(
    /** The name of the store. */
    readonly store: string,
    /** The image id. */
    readonly path: string,
  ) {
    super();
  }

  /**
   * Parses a location URI.
   *
   * @param uri A text such as `memory://scratch/iso/a%20b.iso`: the store, then the id.
   * @returns The location, whether an image is there or not.
   * @throws {BadStoreUri} If the scheme is not `memory`, or if the rest is not a percent-encoded image id.
   */
  static parse(uri: string): MemoryLocation {
    const { host, path } = splitUri(uri, ["memory"]);
    try {
      const imageId = path.slice(1).split("/").map(decodeURIComponent).join("/");
      return new MemoryLocation(decodeURIComponent(host), checkImageId(imageId));
    } catch (error) {
      throw new BadStoreUri(`${uri} names no image`, { cause: error });
    }
  }

  /**
   * Formats the location URI.
   *
   * @returns The URI, with the store and each segment of the id percent-encoded.
   */
  protected format(): string {
    const path = this.path.split("/").map(encodeURIComponent).join("/");
    return `memory://${encodeURIComponent(this.store)}/${path}`;
  }
}
