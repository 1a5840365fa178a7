/**
 * What passes between the portable half of a store and its driver.
 *
 * @module
 */
import type { StoreLocation } from "../location/mod.ts";
import type { ByteReader, Bytes, ExpectedDigests, ImageDigest, Multihash } from "../streams/mod.ts";

export type { ImageDigest };

/** Who asks, for stores that serve several tenants. Without it, the store itself asks: the operator. */
export interface StoreContext {
  /** Tenant (project) id of the caller. */
  tenant?: string | undefined;
  /** The caller's token, for backends that take it. */
  token?: string | undefined;
  /** The caller's service catalog, as Keystone v3 gives it; asked for by the token unless given. */
  serviceCatalog?: readonly unknown[] | undefined;
  /** URL of the Keystone that the token is from, where the store's configuration does not say it. */
  authUrl?: string | undefined;
  /** User id of the caller. */
  user?: string | undefined;
  /** Role names of the caller. */
  roles?: readonly string[] | undefined;
}

/** What every operation takes. */
export interface OperationOptions {
  /** Ends the operation; its reason is thrown, and everything that it held is released. */
  signal?: AbortSignal | undefined;
  /** Who asks. */
  context?: StoreContext | undefined;
}

/** What is known of an image before it is written. */
export interface WriteOptions extends OperationOptions {
  /** Its size in bytes, where known. */
  size: number | undefined;
  /** The digests that it must have, where somebody said so: with others it is never committed. */
  expected?: ExpectedDigests | undefined;
}

/** An image being read by a driver: the bytes of the range that was asked for. */
export interface ImageReader extends ByteReader {
  /** Number of bytes in the range, where known. The portable half holds the driver to it. */
  readonly size: number | undefined;
  /** Size of the whole image in bytes, where known. */
  readonly total?: number | undefined;
  /** The entity tag of what is being read, quotes included, where there is one. */
  readonly etag?: string | undefined;
  /** When the image was last changed, where opening it tells. */
  readonly modified?: Date | undefined;
}

/**
 * An image being written by a driver. The portable half calls `write` one at a time, then either
 * `commit` or `abort`; never `abort` during a `write`.
 */
export interface ImageWriter<L extends StoreLocation> {
  /** Where the image will be. Read after `commit`. */
  readonly location: L;
  /** Size in bytes of the parts whose md5 it wants, if that comes with the image's digests. */
  readonly partSize?: number | undefined;
  /**
   * Takes the next chunk: 4 MiB but the last, none for an empty image. It is lent until the promise
   * resolves; a writer that keeps it, without changing it, resolves to a buffer of the same size.
   * Settles soon after the operation's signal aborts. `md5s` are those of the parts that end in the
   * chunk, in lower-case hex: all, or none at all.
   */
  write(chunk: Bytes, md5s: readonly Promise<string>[]): Promise<ArrayBuffer | void>;
  /** Makes the image visible, whole. Resolves to what the driver adds to the metadata. */
  commit(image: ImageDigest): Promise<Record<string, unknown> | void>;
  /** Removes everything that was written. Called after a failed `commit` too. */
  abort(reason: unknown): Promise<void>;
}

/** What a driver knows of an image without reading it. */
export interface DriverStat {
  /** Size in bytes, where known. */
  size?: number | undefined;
  /** When it was last changed. */
  modified?: Date | undefined;
  /** Its entity tag, quotes included. */
  etag?: string | undefined;
  /** md5 in lower-case hex, where the backend holds it. */
  checksum?: string | undefined;
  /** The second digest, where the backend holds it. */
  multihash?: Multihash | undefined;
  /** Media type, where the backend holds it. */
  contentType?: string | undefined;
  /** Whatever else the backend says of it. */
  metadata?: Record<string, unknown> | undefined;
}

/** One name in a listing. */
export interface ListEntry {
  /** The image id, or the path of a directory, without a trailing slash. */
  path: string;
  /** An image, or a directory that holds images. */
  kind: "image" | "directory";
  /** Size in bytes, where the listing tells it. */
  size?: number | undefined;
  /** When it was last changed, where the listing tells it. */
  modified?: Date | undefined;
  /** Its entity tag, quotes included, where the listing tells it. */
  etag?: string | undefined;
}

/** What an `add` that never ended left behind. */
export interface Leftover {
  /** The image id that it was for, or the name that it has in the backend. */
  path: string;
  /** What it is: `upload`, `file`, `segment`, ... */
  kind: string;
  /** Since when nobody is known to work on it. */
  since: Date;
  /** Its size in bytes, where known. */
  size?: number | undefined;
  /** Removes it. */
  remove(): Promise<void>;
}

/** Who may do what with an image. Nobody else may. */
export interface Acls {
  /** Everybody may read. */
  public: boolean;
  /** Tenants that may read; `*` is every tenant. */
  readTenants: readonly string[];
  /** Tenants that may write. */
  writeTenants: readonly string[];
}

/** What a presigned URL allows. */
export interface PresignRequest {
  /** The HTTP method. */
  method: "GET" | "PUT";
  /** How long the URL is good, in milliseconds. */
  expiresIn: number;
}

/** Random access to one image. */
export interface ImageHandle extends AsyncDisposable {
  /** Size of the image in bytes. */
  readonly size: number;
  /**
   * Fills `view` from byte `position` on and resolves to the number of bytes read: fewer than asked
   * only at the image's end, 0 past it. Reads may overlap.
   */
  read(view: Bytes, position: number): Promise<number>;
  /** Releases the handle. Safe to call twice. */
  close(): Promise<void>;
}
