/**
 * What the operations of a store take and give.
 *
 * @module
 */
import type { Location, StoreLocation } from "../location/mod.ts";
import type { Bytes, ChunkObserver, ExpectedDigests } from "../streams/mod.ts";
import type { DriverStat, ImageDigest, OperationOptions, PresignRequest } from "./driver.ts";

/** An image of a store: its id, its location URI (anything with `://`), or its location. */
export type ImageRef = string | Location | StoreLocation;

/** Options of {@linkcode Store.add}. */
export interface AddOptions extends OperationOptions {
  /** Size that the data must have, in bytes. Left out where nobody knows. */
  size?: number | undefined;
  /** Digest algorithm of the multihash; `sha512` unless said otherwise. */
  hashingAlgo?: string | undefined;
  /** Sees each chunk on its way, a signature verifier for example. */
  verifier?: ChunkObserver | undefined;
  /**
   * Digests that the data must have; with others nothing is added and `ChecksumMismatch` is thrown.
   * The multihash among them sets the algorithm.
   */
  expected?: ExpectedDigests | undefined;
}

/** What {@linkcode Store.add} resolves to. */
export interface AddResult extends ImageDigest {
  /** Where the image is. */
  location: Location;
  /** What the driver says of the location; `store` is the store's name. */
  metadata: Record<string, unknown>;
}

/** Options of {@linkcode Store.get}. */
export interface GetOptions extends OperationOptions {
  /** First byte, from 0. */
  offset?: number | undefined;
  /** Number of bytes at most; to the end unless said otherwise. */
  length?: number | undefined;
  /**
   * Checks the digests on the way: the ones given, or with `true` the ones that the store holds. The
   * stream fails with `ChecksumMismatch` instead of ending.
   */
  verify?: boolean | ExpectedDigests | undefined;
}

/** What {@linkcode Store.get} resolves to. */
export interface GetResult {
  /** Number of bytes that the stream gives, where known. */
  size: number | undefined;
  /** Size of the whole image in bytes, where known. */
  total: number | undefined;
  /** The image's entity tag, quotes included, where it has one. */
  etag: string | undefined;
  /** When the image was last changed, where the backend told it on the way. */
  modified: Date | undefined;
  /** The bytes, in chunks of exactly 4 MiB but the last. */
  stream: ReadableStream<Bytes>;
  /**
   * A response with the bytes as its body, in place of `stream`, for whoever passes them on. Up to
   * 256 KiB are read before, so that what goes wrong is thrown here. More is a stream in chunks of the
   * size that is sent fastest; in workerd it may be the backend's own, which takes no CPU time and is
   * not resumed where it breaks.
   */
  respond(init?: ResponseInit): Promise<Response>;
}

/** What {@linkcode Store.stat} resolves to. */
export interface ImageStat extends DriverStat {
  /** Where the image is. */
  location: Location;
}

/** Options of {@linkcode Store.list}. */
export interface ListOptions extends OperationOptions {
  /** Directory to list, without a trailing slash; the store's root unless said otherwise. */
  directory?: string | undefined;
  /** Lists everything below, images alone, instead of one level. */
  recursive?: boolean | undefined;
}

/** Options of {@linkcode Store.gc}. */
export interface GcOptions extends OperationOptions {
  /** Passes over what is younger, in milliseconds: a day unless said otherwise. */
  olderThan?: number | undefined;
  /** Tells only what would be removed. */
  dryRun?: boolean | undefined;
}

/** What {@linkcode Store.copy} resolves to; the digests where somebody computed them. */
export interface CopyResult extends Partial<ImageDigest> {
  /** Where the copy is. */
  location: Location;
}

/** Options of {@linkcode Store.presign}: a `GET` for an hour unless said otherwise. */
export interface PresignOptions extends OperationOptions, Partial<PresignRequest> {}
