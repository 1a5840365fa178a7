/**
 * What the operations of a store take and return.
 *
 * @module
 */
import type { AcceptPolicy, ImageInspection } from "../formats/mod.ts";
import type { Location, StoreLocation } from "../location/mod.ts";
import type {
  ByteReader,
  Bytes,
  ChunkObserver,
  ExpectedDigests,
  ImageDigest,
  Multihash,
} from "../streams/mod.ts";

/** The caller, for stores that serve several tenants. Without it, the operator of the store is the caller. */
export interface StoreContext {
  /** Tenant (project) id of the caller. */
  tenant?: string | undefined;
  /** The caller's token, for backends that take it. */
  token?: string | undefined;
  /** The caller's service catalog, as Keystone v3 gives it. Default: requested with the token. */
  serviceCatalog?: readonly unknown[] | undefined;
  /** URL of the Keystone that the token is from, where the configuration of the store has none. */
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
  /** The caller. Default: the operator. */
  context?: StoreContext | undefined;
}

export type { ImageDigest };

/**
 * Preconditions of a read (RFC 9110, section 13). Entity tags are more exact than dates, and decide
 * where both are set. What a store says of an image (`etag`, `modified`) can be passed as it is.
 */
export interface Conditions {
  /**
   * Entity tags, quotes included, separated by commas: the image must have one of them, compared
   * strongly, so that a weak one (`W/"..."`) never matches. `*` is any image.
   */
  ifMatch?: string | undefined;
  /**
   * Entity tags, quotes included, separated by commas: the image must have none of them, compared
   * weakly. `*` is any image.
   */
  ifNoneMatch?: string | undefined;
  /** The image must have been changed after this date, in whole seconds. */
  ifModifiedSince?: Date | undefined;
  /** The image must not have been changed after this date, in whole seconds. */
  ifUnmodifiedSince?: Date | undefined;
}

/** Options of {@linkcode Store.stat}. */
export interface StatOptions extends OperationOptions, Conditions {}

/** What a caller stores with an image, in a store with the ability `METADATA`. */
export interface ImageProperties {
  /** Its media type. Default: `application/octet-stream`. */
  contentType?: string | undefined;
  /** The Cache-Control field of responses with the image (RFC 9111, section 5.2.2). Default: none. */
  cacheControl?: string | undefined;
  /**
   * Texts by name: up to 256 bytes of ASCII by up to 64 of `a-z`, `0-9` and `-`, 1,024 bytes in all.
   * Default: none.
   */
  metadata?: Readonly<Record<string, string>> | undefined;
}

/** What is known of an image once all of it has passed by. */
export interface ImageFacts extends ImageDigest {
  /** What it is, and whether it is safe; `undefined` only if the inspection failed. */
  inspection?: ImageInspection | undefined;
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
  /**
   * The digests that the image had when they were recorded, where it was changed since: it is not what was
   * added. `checksum` and `multihash` are then not known.
   */
  recorded?: ExpectedDigests | undefined;
  /** What the image is, where the backend holds it. */
  inspection?: ImageInspection | undefined;
  /** Media type, where the backend holds it. */
  contentType?: string | undefined;
  /** The Cache-Control field of responses with it, where the backend holds one. */
  cacheControl?: string | undefined;
  /** The texts that were stored with it, by name, and whatever else the backend says of it. */
  metadata?: Record<string, unknown> | undefined;
}

/** One name in a listing. */
export interface ListEntry {
  /** The image id, or the path of a directory, without a trailing slash. */
  path: string;
  /** An image, or a directory that holds images. */
  kind: "image" | "directory";
  /** Size in bytes, where the listing has it. */
  size?: number | undefined;
  /** When it was last changed, where the listing has it. */
  modified?: Date | undefined;
  /** Its entity tag, quotes included, where the listing has it. */
  etag?: string | undefined;
  /** Media type, where the listing has it. */
  contentType?: string | undefined;
  /** The format of an image, where the listing has it. */
  format?: string | undefined;
  /** Size in bytes of the disk that a guest sees, where the listing has it. */
  virtualSize?: number | undefined;
}

/** What an `add` that never ended left behind. */
export interface Leftover {
  /** The image id that it was for, or the name that it has in the backend. */
  path: string;
  /** What it is: `upload`, `file`, `segment`, ... */
  kind: string;
  /** Since when nobody is known to work on it. `undefined` where that is not known: it counts as young. */
  since: Date | undefined;
  /** Its size in bytes, where known. */
  size?: number | undefined;
  /** Removes it. */
  remove(): Promise<void>;
}

/** Something that a listing or `gc` passed over, because it cannot be read, named or judged. */
export interface SkippedEntry {
  /** Its path in the store or in the tree, or the name that it has in the backend. */
  path: string;
  /** Why it was passed over. */
  reason: Error;
}

/** What a listing and `gc` of a driver take. */
export interface ScanOptions extends OperationOptions {
  /**
   * Receives each entry that is passed over.
   *
   * @param skipped The path or the backend's own name of the entry, and the reason.
   */
  onSkipped(skipped: SkippedEntry): void;
}

/** What a listing of a driver takes. */
export interface ListScanOptions extends ScanOptions {
  /**
   * Only what comes after this name is wanted, in the order of {@linkcode ListOptions.limit}. A driver
   * may yield more. Default: all.
   */
  startAfter?: string | undefined;
  /**
   * Called with each directory that the backend keeps though no image may be in it, as a
   * folder marker or an empty directory of files: the listed directory itself, and with `recursive` those below. Default: nothing.
   *
   * @param directory The path of the directory, without a trailing slash.
   */
  onDirectory?: ((directory: string) => void) | undefined;
  /**
   * How many entries are wanted. A driver whose backend lists in that order can end after as many. Default:
   * all.
   */
  limit?: number | undefined;
}

/** What {@linkcode Store.usage} resolves to. What is `undefined` is not known. */
export interface StoreUsage {
  /**
   * Bytes that are taken in the place where the images are: the container, the pool, the file systems of
   * the datadirs. What else is there counts too.
   */
  used?: number | undefined;
  /** Bytes that can still be written there. */
  free?: number | undefined;
  /**
   * Number of images in the store, as the backend counts them: uploads that are under way and other
   * people's objects may be among them.
   */
  images?: number | undefined;
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
  /** Whether a `PUT` may replace the image that has the id by then. */
  overwrite: boolean;
}

/** A part of an image. */
export interface Extent {
  /** `data`, or `hole`: bytes that read as zeros and take no room in the store. */
  kind: "data" | "hole";
  /** Where it begins, in bytes. */
  offset: number;
  /** The number of bytes, at least 1. */
  length: number;
}

/** Random access to one image. */
export interface ImageHandle extends AsyncDisposable {
  /** Size of the image in bytes. */
  readonly size: number;
  /**
   * Reads bytes from any position. Reads may run side by side. If one fails, the
   * content of the buffer means nothing, and one that timed out may still write to it.
   *
   * @param view The buffer to fill from its start.
   * @param position The first byte to read, from 0.
   * @returns The number of bytes read. It is less than the length of the buffer only at the end of the
   * image, and 0 after it.
   */
  read(view: Bytes, position: number): Promise<number>;
  /**
   * Finds the holes in a range, where the store knows them: a file on a local disk (with `--allow-ffi`), an
   * RBD image with an object map, an image in memory. Elsewhere all is data.
   *
   * @param offset The first byte, from 0.
   * @param length The number of bytes.
   * @returns The extents in order and without gaps, from `offset` on. They end with the range or the
   * image, or earlier after 1,024.
   * @throws {ImageChanged} If another image has taken the place of this one.
   */
  extents(offset: number, length: number): Promise<Extent[]>;
  /** Releases the handle. Safe to call twice. */
  close(): Promise<void>;
}

/** An image of a store: its id, its location URI (anything with `://`), or its location. */
export type ImageRef = string | Location | StoreLocation;

/** Options of {@linkcode Store.add}. */
export interface AddOptions extends OperationOptions, ImageProperties {
  /** Size that the data must have, in bytes. Default: not known. */
  size?: number | undefined;
  /** Digest algorithm of the multihash. Default: `sha512`. */
  hashingAlgo?: string | undefined;
  /** Sees each chunk on its way, a signature verifier for example. */
  verifier?: ChunkObserver | undefined;
  /**
   * Digests that the data must have; with others nothing is added and `ChecksumMismatch` is thrown.
   * The multihash among them sets the algorithm.
   */
  expected?: ExpectedDigests | undefined;
  /**
   * Which images are accepted. Others are not added, and `ImageFormatRefused` is thrown. The policy of
   * the store applies too. Default: that of the store alone.
   */
  accept?: AcceptPolicy | undefined;
  /** The format that the image is claimed to have, `qcow2` for example. Default: nothing is claimed. */
  format?: string | undefined;
  /**
   * Whether runs of zeros become holes, in a store that can have them (file, rbd). Others store the zeros.
   * Default: as the store's option `thinProvisioning` says; copies of an image with holes have holes.
   */
  sparse?: boolean | undefined;
  /**
   * Whether the add continues one of the same id that had `resume` and died: of its parts, those with the
   * md5 of the data are used, and only the others are sent. All of the data is read, from its beginning, and
   * its size must be known. What an add that fails has sent is kept for the next one, until `gc` removes it.
   * Default: `false`: nothing is used, and nothing is left.
   */
  resume?: boolean | undefined;
}

/** The format of an image, in short. */
export interface ImageFormat {
  /** Its name, where known: `qcow2`, `iso`, `raw`, ... */
  format?: string | undefined;
  /** Size in bytes of the disk that a guest sees, where known. */
  virtualSize?: number | undefined;
}

/** What {@linkcode Store.add} resolves to. */
export interface AddResult extends ImageFacts, ImageFormat {
  /** Its entity tag, quotes included, where the backend sends it with the confirmation. */
  etag?: string | undefined;
  /** When it was stored, where the backend sends it with the confirmation. */
  modified?: Date | undefined;
  /** Where the image is. */
  location: Location;
  /** What the driver says of the location; `store` is the store's name. */
  metadata: Record<string, unknown>;
}

/** A range of an image in bytes. */
export interface ImageRange {
  /** First byte, from 0. Default: 0. */
  offset?: number | undefined;
  /** Number of bytes at most. Default: to the end. */
  length?: number | undefined;
  /** Number of bytes at the end of the image, in place of the two others; if it has fewer, all of them. */
  suffix?: number | undefined;
}

/** Options of {@linkcode Store.get}. */
export interface GetOptions extends OperationOptions, Conditions, ImageRange {
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
  /** When the image was last changed, where the backend sends it on the way. */
  modified: Date | undefined;
  /** What the image is, where the store keeps it and opening the image says it. */
  inspection: ImageInspection | undefined;
  /** Whether the image has holes, where opening it says so. They are read as zeros. */
  isSparse: boolean | undefined;
  /** The bytes, in chunks of exactly 4 MiB but the last. */
  stream: ReadableStream<Bytes>;
  /** The bytes as a reader, in place of `stream`, for a program that lends its own buffers. */
  reader: ByteReader;
  /**
   * Makes a response with the bytes as its body, in place of `stream`, for a server that passes them on.
   *
   * A range of up to 256 KiB is read first, so that an error is thrown here and not in the body. A longer
   * one is a stream, in chunks of the size that the runtime sends fastest. In workerd it may be the
   * backend's own stream, which takes no CPU time and is not resumed if the connection breaks.
   *
   * @param init Status and headers. Default: 200, without headers.
   * @returns The response, to be sent as it is.
   */
  respond(init?: ResponseInit): Promise<Response>;
}

/** What {@linkcode Store.stat} resolves to. */
export interface ImageStat extends DriverStat, ImageFormat {
  /** Where the image is. */
  location: Location;
}

/** What {@linkcode Store.delete} resolves to. */
export interface DeleteResult {
  /** Why the backend keeps the data of the image, although the image is deleted. `undefined` if it does not. */
  kept?: string | undefined;
}

/** What {@linkcode Store.deleteMany} did with one image. */
export interface DeletedImage extends DeleteResult {
  /** The image, as the caller named it. */
  image: ImageRef;
  /**
   * `deleted`, or `missing` if there was none. `gone` if there is none now, and the backend does not say
   * whether there was one, as Amazon S3 does not.
   */
  status: "deleted" | "missing" | "gone";
}

/** What a driver takes that deletes many images. */
export interface DeleteManyOptions extends OperationOptions {
  /**
   * Takes what became of an image, where the driver knows it. Default: it is `gone`.
   *
   * @param location The image, as the driver was given it.
   * @param result Whether it was deleted or missing, and why its data is kept.
   */
  onDeleted(location: StoreLocation, result: Omit<DeletedImage, "image">): void;
}

/** Options of {@linkcode Store.inspect}. */
export interface InspectOptions extends OperationOptions {
  /** Whether what the store keeps of an earlier inspection will do. Default: `true`. */
  kept?: boolean | undefined;
}

/** Options of {@linkcode Store.list}. */
export interface ListOptions extends OperationOptions {
  /** Directory to list, without a trailing slash. Default: the store's root. */
  directory?: string | undefined;
  /** Whether to list everything below, images alone, instead of one level. Default: `false`. */
  recursive?: boolean | undefined;
  /**
   * Only entries after this name, which need not exist: the path of the last entry that was listed before,
   * with a slash at its end if that is a directory. Default: all.
   */
  startAfter?: string | undefined;
  /**
   * How many entries at most. They are the first ones, in the order of the bytes of their names in UTF-8,
   * with a slash at the end of a directory's. Default: all, in no particular order.
   */
  limit?: number | undefined;
  /** Called with each name that is passed over, because it cannot be read or is no image id. */
  onSkipped?: ((skipped: SkippedEntry) => void) | undefined;
  /**
   * Called with each directory that the backend keeps though no image may be in it, as a folder marker
   * of S3 or an empty directory of files: the listed directory itself, and with `recursive` those below.
   */
  onDirectory?: ((directory: string) => void) | undefined;
}

/** Options of {@linkcode Store.gc}. */
export interface GcOptions extends OperationOptions {
  /** The least age of what is removed, in milliseconds. Default: 86,400,000, a day. */
  olderThan?: number | undefined;
  /** Whether to only list what would be removed. Default: `false`. */
  dryRun?: boolean | undefined;
  /** Called with each thing that cannot be judged or removed; the rest goes on. */
  onSkipped?: ((skipped: SkippedEntry) => void) | undefined;
}

/** What is known of any image that was copied or moved. */
export interface MoveResult {
  /**
   * What was stored with the image and its new store cannot keep. `undefined` if nothing was lost, or if the
   * backend made the copy, which keeps everything.
   */
  notKept?: readonly (keyof ImageProperties)[] | undefined;
}

/** What {@linkcode Store.copy} resolves to; the digests where they were computed on the way. */
export interface CopyResult extends Partial<ImageFacts>, MoveResult {
  /** Where the copy is. */
  location: Location;
}

/** Options of {@linkcode Store.recordDigests}. */
export interface RecordOptions extends OperationOptions {
  /** Digest algorithm of the multihash. Default: `sha512`. */
  hashingAlgo?: string | undefined;
  /** Sees each chunk on its way. */
  verifier?: ChunkObserver | undefined;
}

/** Options of {@linkcode Store.presign}. Default: a `GET` for an hour, and a `PUT` that replaces nothing. */
export interface PresignOptions extends OperationOptions, Partial<PresignRequest> {}
