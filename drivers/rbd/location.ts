/**
 * Locations of RBD images, as glance_store writes them: `rbd://<fsid>/<pool>/<image>/<snapshot>`, and
 * `rbd://<image>` of old.
 *
 * @module
 */
import { BadStoreUri } from "../../errors/mod.ts";
import { splitUri, StoreLocation } from "../../location/mod.ts";
import { encodeReserved } from "../../location/percent_encoding.ts";

/** Name of the snapshot that makes an image whole; glance_store's `DEFAULT_SNAPNAME`. */
export const SNAPSHOT = "snap";

/**
 * Where an RBD image is. The four parts are percent-encoded as by Python's `quote(part, "")`; the
 * image of the short form is not, as in glance_store's `StoreLocation.parse_uri`. The short form
 * means the store's own cluster and pool, and the snapshot `snap`.
 *
 * @example Parsing and printing
 * ```ts
 * import { RbdLocation } from "@vitrine/vitrine/rbd";
 * import { assertEquals } from "@std/assert";
 *
 * const uri = "rbd://5bf3c0de/images/debian%2F12.raw/snap";
 * const location = RbdLocation.parse(uri);
 * assertEquals(location.image, "debian/12.raw");
 * assertEquals(location.uri(), uri);
 * assertEquals(RbdLocation.parse("rbd://b1946ac9").snapshot, "snap");
 * ```
 */
export class RbdLocation extends StoreLocation {
  /** The scheme. */
  readonly scheme = "rbd";

  /**
   * Creates the location of an RBD image.
   *
   * @param fsid The id of the Ceph cluster, a UUID. `undefined`: the cluster of the store.
   * @param pool The pool by name. `undefined`: the pool of the store.
   * @param image The RBD image by name, which is the id of the image in the store.
   * @param snapshot The snapshot by name, which is what is read. Default: `snap`.
   */
  constructor(
    /** Id of the Ceph cluster, or `undefined` for the store's own. */
    readonly fsid: string | undefined,
    /** The pool, or `undefined` for the store's own. */
    readonly pool: string | undefined,
    /** Name of the RBD image. */
    readonly image: string,
    /** Name of the snapshot that is read. */
    readonly snapshot: string = SNAPSHOT,
  ) {
    super();
  }

  /** The name of the image. */
  get path(): string {
    return this.image;
  }

  /**
   * Parses a location URI.
   *
   * @param uri A text with one part, `rbd://<image>`, or with four: cluster, pool, image and snapshot.
   * @returns The location, whether an image is there or not.
   * @throws {BadStoreUri} If it has another scheme, another number of parts, an empty part, a NUL, or
   * four parts that are not percent-encoded UTF-8.
   */
  static parse(uri: string): RbdLocation {
    splitUri(uri, ["rbd"]);
    const parts = uri.slice("rbd://".length).split("/");
    if (parts.includes("")) throw new BadStoreUri(`${uri} has an empty part`);
    if (parts.length === 1) return new RbdLocation(undefined, undefined, parts[0]!);
    if (parts.length !== 4) throw new BadStoreUri(`${uri} has neither one part nor four`);
    let decoded: string[];
    try {
      decoded = parts.map(decodeURIComponent);
    } catch (error) {
      throw new BadStoreUri(`${uri} is not percent-encoded UTF-8`, { cause: error });
    }
    if (decoded.some((part) => part.includes("\0"))) throw new BadStoreUri(`${uri} holds a NUL`);
    const [fsid, pool, image, snapshot] = decoded;
    return new RbdLocation(fsid, pool, image!, snapshot);
  }

  /**
   * Formats the location URI.
   *
   * @returns The URI of four parts, percent-encoded; or the short form, if cluster or pool are unknown.
   */
  protected format(): string {
    const { fsid, pool, image, snapshot } = this;
    if (fsid === undefined || pool === undefined) return `rbd://${image}`;
    return `rbd://${[fsid, pool, image, snapshot].map(encodeReserved).join("/")}`;
  }
}
