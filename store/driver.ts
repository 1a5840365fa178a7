/**
 * The interface of a driver: the small half of a store that each backend implements. The other half is
 * `Store`, which all share.
 *
 * @module
 */
import type { StoreCapability } from "../capabilities/mod.ts";
import type { ImageInspection } from "../formats/mod.ts";
import type { StoreLocation } from "../location/mod.ts";
import type { ByteRange, ByteReader, Bytes, ExpectedDigests } from "../streams/mod.ts";
import type {
  Acls,
  DeleteResult,
  DriverStat,
  ImageFacts,
  ImageHandle,
  Leftover,
  ListEntry,
  OperationOptions,
  PresignRequest,
  ScanOptions,
} from "./types.ts";

/**
 * What a driver implements. Every method is called with a checked location after the check of the
 * store's capabilities, and what it throws is wrapped with store, operation and path. It leaves ids,
 * digests, sizes, chunks, aborts of reads and the masking of secrets to the portable half.
 *
 * What needs an optional method is refused where the driver has none, whatever its capabilities say.
 *
 * @typeParam L The driver's class of locations.
 *
 * @example A driver that has one image
 * ```ts
 * import { type Driver, NotFound, streamReader } from "@vitrine/vitrine";
 * import { MemoryLocation } from "@vitrine/vitrine/memory";
 *
 * const text = new Blob(["hello"]);
 * const driver: Driver<MemoryLocation> = {
 *   locate: (imageId) => new MemoryLocation("one", imageId),
 *   imageIdAt: (location) => location.path,
 *   openRead: ({ path }, { offset, length = text.size }) => {
 *     if (path !== "hello.txt") throw new NotFound("there is only hello.txt");
 *     const part = text.slice(offset, offset + length);
 *     return Promise.resolve({ size: part.size, ...streamReader(part.stream()) });
 *   },
 *   statImage: () => Promise.resolve({ size: text.size }),
 * };
 * console.log(driver.locate("hello.txt", {}));
 * ```
 */
export interface Driver<L extends StoreLocation = StoreLocation> {
  /**
   * Returns where an image of that id is, or would be.
   *
   * @throws {InvalidImageId} If the backend cannot have such an image.
   */
  locate(imageId: string, options: OperationOptions): L | Promise<L>;
  /** Returns the image id that has this location, or `undefined` where it is outside the store's tree. */
  imageIdAt(location: L): string | undefined;
  /** Returns whether the location is this store's. Default: whether `imageIdAt` has an id for it. */
  owns?(location: L): boolean;
  /**
   * Opens a range of an image.
   *
   * @throws {NotFound} If there is no such image.
   * @throws {InvalidRange} If the range begins after the end of the image.
   */
  openRead(location: L, range: ByteRange, options: OperationOptions): Promise<ImageReader>;
  /**
   * Reads what is known of an image without its bytes.
   *
   * @throws {NotFound} If there is no such image.
   */
  statImage(location: L, options: OperationOptions): Promise<DriverStat>;
  /**
   * Begins a new image.
   *
   * @throws {Duplicate} If the id exists; at the latest when the writer commits.
   */
  openWrite?(imageId: string, options: WriteOptions): Promise<ImageWriter<L>>;
  /**
   * Deletes an image. The last step is the one that destroys: what makes it fail leaves the image whole.
   *
   * @throws {NotFound} If there is no such image, or another request deleted it first. Never if this call
   * may have deleted it, as when a response was lost and the request was sent again: that is a success.
   * @throws {InUseByStore} If the backend cannot delete it now.
   */
  deleteImage?(location: L, options: OperationOptions): Promise<DeleteResult | void>;
  /** Deletes images; missing ones are ignored. Default: one by one. */
  deleteImages?(locations: AsyncIterable<L>, options: OperationOptions): Promise<void>;
  /** Lists what adds that never ended left behind, and nobody in this store is working on. */
  leftovers?(options: ScanOptions): AsyncIterable<Leftover>;
  /** Lists a directory, every name once, in any order. A directory without images is empty. */
  listImages?(
    directory: string,
    recursive: boolean,
    options: ScanOptions,
  ): AsyncIterable<ListEntry>;
  /**
   * Copies inside the backend. `undefined` says that it cannot copy this image: it is copied as a stream.
   *
   * @throws {NotFound} If there is no such image.
   * @throws {Duplicate} If the new id exists.
   */
  copyImage?(from: L, imageId: string, options: OperationOptions): Promise<L | undefined>;
  /**
   * Renames inside the backend.
   *
   * @throws {NotFound} If there is no such image.
   * @throws {Duplicate} If the new id exists.
   */
  renameImage?(from: L, imageId: string, options: OperationOptions): Promise<L>;
  /**
   * Does the work of a rename that copies and deletes, while no other rename of the image does. Default:
   * one of two deletes at once fails in the backend, and with it one of two renames.
   *
   * @throws {NotFound} If there is no place for a lock, and so no image.
   */
  whileLocked?<T>(location: L, options: OperationOptions, work: () => Promise<T>): Promise<T>;
  /** Reads who may do what. */
  readAcls?(location: L, options: OperationOptions): Promise<Acls>;
  /** Replaces who may do what. */
  writeAcls?(location: L, acls: Acls, options: OperationOptions): Promise<void>;
  /** Creates a presigned URL. */
  presignImage?(location: L, request: PresignRequest): Promise<URL>;
  /** Records the digests of an image of which none are known, and what it is, for later `statImage`s. */
  recordDigests?(location: L, image: ImageFacts, options: OperationOptions): Promise<void>;
  /** Opens random access to an image. Default: one ranged read per call. */
  openHandle?(location: L, size: number, options: OperationOptions): Promise<ImageHandle>;
  /** Prepares reading. Called once, before the first operation. It changes nothing in the backend. */
  configureGet?(): Promise<void>;
  /** Prepares writing. A failure makes the store read-only. It changes nothing in the backend. */
  configureAdd?(): Promise<void>;
  /** Brings the store's capabilities up to date with the backend; throws nothing. */
  updateCapabilities?(): void | Promise<void>;
  /** Releases what the driver holds: connections, libraries. */
  release?(): Promise<void>;
}

/**
 * What a driver is made with.
 *
 * @typeParam O The driver's options, after validation.
 */
export interface DriverContext<O = unknown> {
  /** Name of the store. */
  readonly name: string;
  /** The options, validated, with their defaults. */
  readonly options: O;
  /** The capabilities of the store, which the driver may add to and take from. */
  readonly capabilities: StoreCapability;
}

/** The constructor of a driver. It may throw `BadStoreConfiguration`; it opens nothing. */
export interface DriverClass {
  /** Creates the driver of one store. */
  // deno-lint-ignore no-explicit-any -- a driver's options and locations are its own types
  new (context: DriverContext<any>): Driver<any>;
}

/** What is known of an image before it is written. */
export interface WriteOptions extends OperationOptions {
  /** Its size in bytes, where known. */
  size: number | undefined;
  /** The digests that it must have, where they are known: with others it is never committed. */
  expected?: ExpectedDigests | undefined;
}

/** An image being read by a driver: the bytes of the requested range. */
export interface ImageReader extends ByteReader {
  /** Number of bytes in the range, where known. The portable half holds the driver to it. */
  readonly size: number | undefined;
  /** Size of the whole image in bytes, where known. */
  readonly total?: number | undefined;
  /** The entity tag of what is being read, quotes included, where there is one. */
  readonly etag?: string | undefined;
  /** When the image was last changed, where opening it says so. */
  readonly modified?: Date | undefined;
  /** What the store keeps of the image's format, where opening it says so; `null` if it keeps nothing. */
  readonly inspection?: ImageInspection | null | undefined;
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
  /**
   * Makes the image visible, whole, and keeps its digests and what it is where the backend can. Resolves
   * to what the driver adds to the metadata.
   */
  commit(image: ImageFacts): Promise<Record<string, unknown> | void>;
  /** Removes everything that was written. Called after a failed `commit` too. */
  abort(reason: unknown): Promise<void>;
}
