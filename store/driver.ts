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
  Conditions,
  DeleteManyOptions,
  DeleteResult,
  DriverStat,
  Extent,
  ImageFacts,
  ImageHandle,
  ImageProperties,
  Leftover,
  ListEntry,
  ListScanOptions,
  OperationOptions,
  PresignRequest,
  ScanOptions,
  StoreUsage,
} from "./types.ts";

/** Random access to an image, as a driver has it. Its arguments are valid and lie in the image. */
export interface DriverHandle extends Omit<ImageHandle, "extents"> {
  /**
   * Finds the holes in a range of at least one byte. Default: all is data.
   *
   * @param offset Where the range begins, in bytes.
   * @param length How many bytes it has.
   * @returns The extents, in order and without gaps.
   */
  extents?(offset: number, length: number): Promise<Extent[]>;
}

/** What {@linkcode Driver.openRead} takes. */
export interface OpenReadOptions extends OperationOptions {
  /**
   * Preconditions, well-formed, for a backend that judges them before it sends anything. A driver may ignore
   * them, as what it opens is judged again. Default: none.
   */
  conditions?: Conditions | undefined;
}

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
   * Whether a recursive listing takes no more requests than the listings of one directory after the other,
   * and calls `onDirectory` with the directories that have no image. Default: `false`.
   */
  readonly listsFlat?: boolean;
  /**
   * Returns where the image of an id is, or would be.
   *
   * @param imageId An id that `checkImageId` has accepted.
   * @param options The caller, who may have a place of its own in the backend, and an abort signal.
   * @returns The location. It need not exist.
   * @throws {InvalidImageId} If the backend cannot have such an image.
   */
  locate(imageId: string, options: OperationOptions): L | Promise<L>;
  /**
   * Returns the id of the image at a location.
   *
   * @param location A location of any store with the driver's schemes.
   * @returns The id, or `undefined` if the location is outside of the store's tree.
   */
  imageIdAt(location: L): string | undefined;
  /**
   * Returns whether the store may read and change what is at a location.
   *
   * @param location A location of any store with the driver's schemes.
   * @returns `true` if it may. Default: whether `imageIdAt` has an id for it.
   */
  owns?(location: L): boolean;
  /**
   * Opens a range of an image.
   *
   * @param location The image.
   * @param range The first byte, and the number of bytes at most, which is never 0.
   * @param options Preconditions, the caller, and an abort signal.
   * @returns A reader of exactly these bytes, with what opening the image says about the whole of it.
   * @throws {NotFound} If there is no such image.
   * @throws {InvalidRange} If the range begins after the end of the image.
   * @throws {NotModified} If the backend finds that a precondition does not hold: the caller has the image.
   * @throws {PreconditionFailed} If it finds that the image is another one.
   */
  openRead(location: L, range: ByteRange, options: OpenReadOptions): Promise<ImageReader>;
  /**
   * Reads what is known of an image without its bytes.
   *
   * @param location The image.
   * @param options The caller, and an abort signal.
   * @returns The size in bytes. Whatever else the backend knows: date, ETag, digests, format.
   * @throws {NotFound} If there is no such image.
   */
  statImage(location: L, options: OperationOptions): Promise<DriverStat>;
  /**
   * Begins a new image.
   *
   * @param imageId The id of the new image, which `checkImageId` has accepted.
   * @param options The size and the digests, as far as they are known; the caller, and an abort signal.
   * @returns The writer. Nothing can be seen in the store before it commits.
   * @throws {Duplicate} If the id exists; at the latest when the writer commits.
   */
  openWrite?(imageId: string, options: WriteOptions): Promise<ImageWriter<L>>;
  /**
   * Deletes an image. The last step is the one that destroys: what makes it fail leaves the image whole.
   *
   * @param location The image.
   * @param options The caller, and an abort signal.
   * @returns Why the backend keeps the data. Nothing, if it does not.
   * @throws {NotFound} If there is no such image, or another request deleted it first. Never if this call
   * may have deleted it, as when a response was lost and the request was sent again: that is a success.
   * @throws {InUseByStore} If the backend cannot delete it now.
   */
  deleteImage?(location: L, options: OperationOptions): Promise<DeleteResult | void>;
  /**
   * Deletes many images, those that do not exist being ignored. Default: one `deleteImage` after the other.
   *
   * @param locations The images, which are not all known at the start.
   * @param options What to call with what became of an image; the caller, and an abort signal.
   */
  deleteImages?(locations: AsyncIterable<L>, options: DeleteManyOptions): Promise<void>;
  /**
   * Removes what the backend keeps of one directory itself, as a folder marker. A directory that holds
   * something is left as it is. Default: there are no directories apart from images.
   *
   * @param directory The directory, without a trailing slash.
   * @param options The caller, and an abort signal.
   * @throws {Invalid} If the marker of the directory holds bytes.
   */
  removeDirectory?(directory: string, options: OperationOptions): Promise<void>;
  /**
   * Reads how much space is taken and free. Default: nothing is known.
   *
   * @param options The caller, and an abort signal.
   * @returns What the backend can tell without a listing.
   */
  readUsage?(options: OperationOptions): Promise<StoreUsage>;
  /**
   * Lists what is left of adds that never ended. What this store is still working on is not among it.
   *
   * @param options What to call with each name that is passed over; the caller, and an abort signal.
   * @returns Uploads, segments and temporary files, each with a function that removes it.
   */
  leftovers?(options: ScanOptions): AsyncIterable<Leftover>;
  /**
   * Lists a directory: every name once, in any order. A directory without images is empty.
   *
   * @param directory The path of the directory, without a slash at its end. The root is empty text.
   * @param recursive Whether to list all images below it instead of one level.
   * @param options What to call with each name that is passed over; which entries are wanted; the caller,
   * and an abort signal.
   * @returns Images, and unless `recursive` is set, directories. Their paths start at the root.
   */
  listImages?(
    directory: string,
    recursive: boolean,
    options: ListScanOptions,
  ): AsyncIterable<ListEntry>;
  /**
   * Copies an image inside the backend.
   *
   * @param from The image.
   * @param imageId The id of the copy, which `checkImageId` has accepted.
   * @param options The caller, and an abort signal.
   * @returns The location of the copy, or `undefined` if the backend cannot copy this image. It is copied
   * as a stream then.
   * @throws {NotFound} If there is no such image.
   * @throws {Duplicate} If the new id exists.
   */
  copyImage?(from: L, imageId: string, options: OperationOptions): Promise<L | undefined>;
  /**
   * Renames an image inside the backend. Default: it is copied and deleted.
   *
   * @param from The image.
   * @param imageId The new id, which `checkImageId` has accepted.
   * @param options The caller, and an abort signal.
   * @returns The new location.
   * @throws {NotFound} If there is no such image.
   * @throws {Duplicate} If the new id exists.
   */
  renameImage?(from: L, imageId: string, options: OperationOptions): Promise<L>;
  /**
   * Does the work of a rename that copies and deletes, while no other rename of the image does. Default:
   * one of two deletes at once fails in the backend, and with it one of two renames.
   *
   * @typeParam T What the work results in.
   * @param location The image to lock.
   * @param options The caller, and an abort signal.
   * @param work What to do while the lock is held. The lock is released when it settles.
   * @returns The result of the work.
   * @throws {NotFound} If there is no place for a lock, and so no image.
   */
  whileLocked?<T>(location: L, options: OperationOptions, work: () => Promise<T>): Promise<T>;
  /**
   * Reads who may read and write an image.
   *
   * @param location The image.
   * @param options The caller, and an abort signal.
   * @returns The grants, in the backend's names of tenants.
   */
  readAcls?(location: L, options: OperationOptions): Promise<Acls>;
  /**
   * Replaces who may read and write an image.
   *
   * @param location The image.
   * @param acls All grants. Whoever is not in them may neither read nor write.
   * @param options The caller, and an abort signal.
   */
  writeAcls?(location: L, acls: Acls, options: OperationOptions): Promise<void>;
  /**
   * Creates a URL that gives access to one image for a limited time.
   *
   * @param location The image, which need not exist if the method is `PUT`.
   * @param request The HTTP method, and for how many milliseconds the URL is valid.
   * @returns The URL with its signature.
   */
  presignImage?(location: L, request: PresignRequest): Promise<URL>;
  /**
   * Records the digests of an image that has none, and its format, so that `statImage` returns them.
   *
   * @param location The image.
   * @param image The size in bytes, the digests and the format, as read from the image.
   * @param options The caller, and an abort signal.
   */
  recordDigests?(location: L, image: ImageFacts, options: OperationOptions): Promise<void>;
  /**
   * Opens random access to an image. Default: one ranged read per call.
   *
   * @param location The image.
   * @param size The size of the image in bytes.
   * @param options The caller, and an abort signal.
   * @returns The handle. It never reads from another image that takes the id meanwhile.
   */
  openHandle?(location: L, size: number, options: OperationOptions): Promise<DriverHandle>;
  /** Prepares reading. Called once, before the first operation. It changes nothing in the backend. */
  configureGet?(): Promise<void>;
  /** Prepares writing. A failure makes the store read-only. It changes nothing in the backend. */
  configureAdd?(): Promise<void>;
  /**
   * Brings the store's capabilities up to date with the backend.
   *
   * @returns Once they are. It never fails: what cannot be found out stays as it is.
   */
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

/** The constructor of a driver. */
export interface DriverClass {
  /**
   * Creates the driver of one store. Nothing is opened.
   *
   * @param context The name of the store, its options and its capabilities.
   * @throws {BadStoreConfiguration} If the options do not go together.
   */
  // deno-lint-ignore no-explicit-any -- a driver's options and locations are its own types
  new (context: DriverContext<any>): Driver<any>;
}

/** What is known of an image before it is written. */
export interface WriteOptions extends OperationOptions, ImageProperties {
  /** Its size in bytes, where known. */
  size: number | undefined;
  /** The digests that it must have, where they are known: with others it is never committed. */
  expected?: ExpectedDigests | undefined;
  /** Whether runs of zeros become holes, if the backend can have them. Default: as the store is configured. */
  sparse?: boolean | undefined;
  /**
   * Whether to use what earlier adds of the id with `resume` have sent, and to keep what is sent if the add
   * fails. Only with the capability `RESUME` and a known size. Default: `false`.
   */
  resume?: boolean | undefined;
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
  /** Whether the image has holes, where opening it says so. They are read as zeros. */
  readonly isSparse?: boolean | undefined;
}

/**
 * An image being written by a driver. The portable half calls `write` one at a time, then either
 * `commit` or `abort`; never `abort` during a `write`.
 *
 * @typeParam L The driver's class of locations.
 */
export interface ImageWriter<L extends StoreLocation> {
  /** Where the image will be. Read after `commit`. */
  readonly location: L;
  /** The image's entity tag, quotes included, where the backend sends it. Read after `commit`. */
  readonly etag?: string | undefined;
  /** When the image was stored, where the backend sends it. Read after `commit`. */
  readonly modified?: Date | undefined;
  /** Size in bytes of the parts whose md5 it wants, if that comes with the image's digests. */
  readonly partSize?: number | undefined;
  /**
   * Counts what of a chunk is written: all but the runs of zeros that become holes. Default: all of it.
   *
   * @param chunk The bytes.
   * @returns The number of bytes that are written.
   */
  countData?(chunk: Uint8Array): number;
  /**
   * Takes the next chunk. Settles soon after the operation's signal aborts. An empty image has no chunk.
   *
   * @param chunk The bytes: 4 MiB, or fewer if it is the last chunk. They are lent until the promise
   * settles.
   * @param md5s The md5 of each part that ends in the chunk, in lower-case hex. All of them, or none: then
   * the writer computes those that it needs.
   * @returns Nothing, or a buffer of the same size in exchange for the chunk's. The writer may then keep
   * the chunk, but not change it.
   */
  write(chunk: Bytes, md5s: readonly Promise<string>[]): Promise<ArrayBuffer | void>;
  /**
   * Makes the image visible, whole. Records its digests and its format if the backend can.
   *
   * @param image The size in bytes, the digests and the format.
   * @returns What the driver adds to the metadata of the location, if anything.
   */
  commit(image: ImageFacts): Promise<Record<string, unknown> | void>;
  /**
   * Removes everything that was written. Called after a failed `commit` too.
   *
   * @param reason The error that ended the add.
   */
  abort(reason: unknown): Promise<void>;
}
