/**
 * The store: the class that users hold, and the half of it that all drivers share.
 *
 * @module
 */
import { BitMasks, StoreCapability } from "../capabilities/mod.ts";
import { StoreError, StoreGetNotSupported, StoreRandomGetNotSupported } from "../errors/mod.ts";
import {
  checkImageId,
  type Location,
  type StoreLocation,
  type StoreLocationClass,
} from "../location/mod.ts";
import type { AcceptPolicy, ImageInspection } from "../formats/mod.ts";
import { type ByteRange, type ByteReader, type Bytes, CHUNK_SIZE } from "../streams/bytes.ts";
import { exactSizeReader } from "../streams/exact_size.ts";
import { readableFrom } from "../streams/readable.ts";
import type { ImageData } from "../streams/source.ts";
import { isConditional } from "./check_options.ts";
import type { CopyOptions } from "./copy.ts";
import type { Driver, DriverClass, ImageReader } from "./driver.ts";
import { ImageWritable } from "./image_writable.ts";
import {
  describeOptions,
  type OptionDefinitions,
  STORE_OPTIONS,
  validateOptions,
} from "./options.ts";
import { checkRange, emptyReader, guarded, readResult } from "./reading.ts";
import { type Ability, Runner } from "./runner.ts";
import type {
  Acls,
  AddOptions,
  AddResult,
  Conditions,
  CopyResult,
  DeletedImage,
  DeleteResult,
  GcOptions,
  GetOptions,
  GetResult,
  ImageDigest,
  ImageHandle,
  ImageRange,
  ImageRef,
  ImageStat,
  InspectOptions,
  Leftover,
  ListEntry,
  ListOptions,
  OperationOptions,
  PresignOptions,
  RecordOptions,
  StatOptions,
  StoreUsage,
} from "./types.ts";

/** The constructor of a store, with what its driver declares. */
export interface StoreClass {
  /**
   * Creates a store. Nothing is opened.
   *
   * @param name How the store is called in the path tree and in errors: one segment of a path.
   * @param options What the driver needs to know, by the names in `OPTIONS`. Default: none.
   * @throws {BadStoreConfiguration} If an option is unknown, missing or has a value that is not allowed.
   */
  // deno-lint-ignore no-explicit-any -- a driver's options are its own interface
  new (name: string, options?: any): Store;
  /** The driver. */
  readonly DRIVER: DriverClass;
  /** The driver's options. */
  readonly OPTIONS: OptionDefinitions;
  /** The URI schemes of its locations; the first is the one that it writes. */
  readonly SCHEMES: readonly string[];
  /** What it can do before its configuration is known. */
  readonly CAPABILITIES: number;
  /** Its class of locations. */
  readonly LOCATION: StoreLocationClass;
}

const READ: Ability = [BitMasks.READ_ACCESS, StoreGetNotSupported];

/**
 * A store of images. Its public methods are the same for every store. The store of a driver extends this
 * class, declares its statics and leaves the rest to its {@linkcode Driver}.
 *
 * The contract, which the conformance suite checks for every driver:
 *
 * - An image appears whole or not at all. Whatever ends an `add` early (an abort, a failed source, a
 *   wrong size, a crash) leaves nothing that `get` or `list` can see, and nothing to pay for.
 * - An id is never overwritten: the second `add` of it throws `Duplicate`, also when both run at
 *   once and only one can win.
 * - `get` gives exactly the bytes of the range, in chunks of 4 MiB but the last, or fails. Short
 *   data never looks whole. A range that begins at the image's end is empty; one that begins after it
 *   throws `InvalidRange`; one that ends after it ends with the image.
 * - Cancelling a stream, and aborting a signal, releases the file, socket or handle at once.
 * - A missing image is `NotFound` for `get`, `stat`, `delete`, `copy` and the ACLs.
 * - Reading changes nothing: no directory, bucket or container is made before the first write.
 * - A removal or a rename that cannot succeed changes nothing.
 * - What the store's policy does not accept is refused on every way in, and leaves nothing.
 * - A listing calls `onSkipped` with everything that it passes over.
 * - An argument that the store cannot honour is refused, never ignored.
 * - An error is one line which names store, operation and path, and holds no secret.
 * - Memory does not grow with the image.
 *
 * @typeParam L The driver's class of locations.
 * @typeParam O The driver's options, after validation.
 *
 * @example A store is the same whatever is behind it
 * ```ts
 * import type { Store } from "@vitrine/vitrine";
 * import { MemoryStore } from "@vitrine/vitrine/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const store: Store = new MemoryStore("scratch");
 * const { location, size } = await store.add("iso/a.iso", new Blob(["hello"]));
 * const { stream } = await store.get(location, { offset: 1, length: 3 });
 * assertEquals(await new Response(stream).text(), "ell");
 * assertEquals(size, 5);
 * ```
 */
export abstract class Store<L extends StoreLocation = StoreLocation, O = unknown>
  extends StoreCapability
  implements AsyncDisposable {
  /** Size of the chunks that `get` gives, in bytes. */
  static readonly READ_CHUNKSIZE: number = CHUNK_SIZE;
  /** Size of the chunks that a driver is given to write, in bytes. */
  static readonly WRITE_CHUNKSIZE: number = CHUNK_SIZE;
  /** The driver. */
  static readonly DRIVER: DriverClass;
  /** The driver's options, as data. */
  static readonly OPTIONS: OptionDefinitions = {};
  /** The URI schemes of the driver's locations; the first is the one that it writes. */
  static readonly SCHEMES: readonly string[] = [];
  /** What the driver can do before its configuration is known. */
  static readonly CAPABILITIES: number = BitMasks.NONE;
  /** The driver's class of locations. */
  static readonly LOCATION: StoreLocationClass;

  /** Name of the store: its directory in the path tree. */
  readonly name: string;
  readonly #class: StoreClass;
  readonly #options: O;
  readonly #runner: Runner<L>;

  /**
   * Validates the options. Nothing is opened yet.
   *
   * @param name Name of the store: one segment of a path.
   * @param options The options of the driver.
   * @throws {BadStoreConfiguration} If an option is unknown, missing or has a value that is not allowed.
   */
  constructor(name: string, options: Readonly<Record<string, unknown>> = {}) {
    const declaration = new.target as unknown as StoreClass;
    super(declaration.CAPABILITIES);
    this.name = name;
    this.#class = declaration;
    const { accept, ...own } = validateOptions(
      { ...declaration.OPTIONS, ...STORE_OPTIONS },
      options,
      name,
    );
    this.#options = own as O;
    try {
      const driver = new declaration.DRIVER({ name, options: own, capabilities: this });
      this.#runner = new Runner<L>({
        name,
        options: own,
        policy: accept as AcceptPolicy | undefined,
        capabilities: this,
        driver,
        declaration,
      });
    } catch (error) {
      throw error instanceof StoreError ? error.at({ store: name }) : error;
    }
  }

  /** The options, validated, with their defaults. */
  protected get options(): O {
    return this.#options;
  }

  /** The driver. */
  protected get driver(): Driver<L> {
    return this.#runner.driver;
  }

  /**
   * Lists the URI schemes of the store's locations.
   *
   * @returns The schemes, without the colon.
   */
  getSchemes(): readonly string[] {
    return this.#class.SCHEMES;
  }

  /**
   * Returns the class of the store's locations.
   *
   * @returns The class, whose `parse` reads a location URI.
   */
  getStoreLocationClass(): StoreLocationClass<L> {
    return this.#class.LOCATION as StoreLocationClass<L>;
  }

  /**
   * Which images can be added; all by default. It is the option `accept`, and can be changed.
   *
   * @throws {BadStoreConfiguration} If it is set to what is no policy.
   */
  get accept(): AcceptPolicy {
    return this.#runner.policy;
  }
  set accept(accept: AcceptPolicy) {
    const { accept: policy } = validateOptions(STORE_OPTIONS, { accept }, this.name);
    this.#runner.policy = policy as AcceptPolicy;
  }

  /** Prepares writing, as {@linkcode configure} does. A failure makes the store read-only. */
  async configureAdd(): Promise<void> {
    await this.driver.configureAdd?.();
  }

  /**
   * Brings the capabilities up to date with the backend.
   *
   * @returns Once they are. It never fails: what cannot be found out stays as it is.
   */
  override updateCapabilities(): void | Promise<void> {
    return this.driver.updateCapabilities?.();
  }

  /**
   * Opens the store. The first operation does it too; calling it shows a wrong configuration early.
   *
   * A failure to prepare writing takes `WRITE_ACCESS` away, and `add` says why from then on.
   *
   * @throws {StoreError} What the driver throws when it cannot even read.
   */
  configure(): Promise<void> {
    return this.#runner.configure();
  }

  /**
   * Whether a recursive listing is the cheapest way to see everything below a directory: it takes no more
   * requests than the listings of one directory after the other.
   */
  get listsFlat(): boolean {
    return this.driver.listsFlat ?? false;
  }

  /** Why the store cannot be written although its driver can, or `undefined`. */
  get addFailure(): Error | undefined {
    return this.#runner.addFailure;
  }

  /**
   * Returns the location that an id has, or would have.
   *
   * @param imageId A path of segments, such as `debian/12/disk.qcow2`.
   * @param options The caller, and an abort signal.
   * @returns The location, whether an image is there or not.
   * @throws {InvalidImageId} If no image of the store can have the id.
   */
  locationOf(imageId: string, options: OperationOptions = {}): Promise<Location> {
    return this.#runner.run("locate", imageId, options, async () => {
      return this.#runner.bind(await this.driver.locate(checkImageId(imageId), options));
    });
  }

  /**
   * Returns the id of the image at a location.
   *
   * @param location A location of the driver.
   * @returns The id, or `undefined` where the location is outside the store's tree.
   */
  imageIdOf(location: StoreLocation): string | undefined {
    return this.driver.imageIdAt(location as L);
  }

  /**
   * Returns whether a location of one of the store's schemes belongs to the store.
   *
   * @param location A location of the driver.
   * @returns Whether the store reads images there.
   */
  ownsLocation(location: StoreLocation): boolean {
    return this.#runner.owns(location as L);
  }

  /**
   * Adds an image. It appears whole or not at all.
   *
   * @param imageId The id of the new image.
   * @param data Its bytes.
   * @param options The size and digests that it must have, and what every operation takes.
   * @returns The location, the size in bytes, the digests, and what the image is.
   * @throws {Duplicate} If the id exists.
   * @throws {InvalidImageId} If no image of the store can have the id.
   * @throws {SizeMismatch} If the data is shorter or longer than `size`.
   * @throws {ChecksumMismatch} If it has other digests than the `expected` ones.
   * @throws {UnknownHashingAlgo} If there is no such digest algorithm.
   * @throws {StorageFull} If there is no room for it.
   * @throws {ImageFormatRefused} If the image is not accepted: by its format, or as it is unsafe.
   * @throws {StoreAddDisabled} If the store cannot be written.
   */
  async add(imageId: string, data: ImageData, options: AddOptions = {}): Promise<AddResult> {
    return (await operations()).add(this.#runner, imageId, data, options);
  }

  /**
   * Opens an image, or a range of it, for reading.
   *
   * @param image The image: its id, its location or its location URI.
   * @param options The range in bytes, digests to verify, preconditions, and what every operation takes.
   * @returns The stream, with the number of bytes it has and the size of the whole image, in bytes. The
   * stream fails with `ChecksumMismatch`, `RemoteServiceUnavailable`, ...
   * @throws {NotFound} If there is no such image.
   * @throws {InvalidRange} If the range begins after the end of the image.
   * @throws {BadStoreUri} If the location is not this store's.
   * @throws {StoreRandomGetNotSupported} If the store cannot read a range.
   * @throws {NotModified} If the caller has this image: `ifNoneMatch` or `ifModifiedSince` does not hold.
   * @throws {PreconditionFailed} If it is another image: `ifMatch` or `ifUnmodifiedSince` does not hold.
   * @throws {Invalid} If `verify` needs digests, and none are known.
   */
  get(image: ImageRef, options: GetOptions = {}): Promise<GetResult> {
    return this.#runner.run("get", image, options, async () => {
      const { reader, bytes } = await this.#open(image, options);
      return readResult(reader, bytes, options);
    });
  }

  async #open(
    image: ImageRef,
    options: GetOptions,
  ): Promise<{ reader: ImageReader; bytes: ByteReader }> {
    const { signal, context, suffix } = options;
    const range = checkRange(options);
    const { offset, length = suffix } = range;
    await this.#runner.requireRange(READ, offset > 0 || suffix !== undefined, length !== undefined);
    const location = await this.#runner.resolve(image, options);
    const stat = () => this.driver.statImage(location, { signal, context });
    // Digests are loaded only by reads that verify.
    const verify = options.verify &&
      await (await import("./verify.ts")).verifying(options, stat);
    const open = async (conditions?: Conditions) => {
      const openRange = (range: ByteRange) =>
        this.driver.openRead(location, range, { signal, context, conditions });
      return suffix !== undefined
        ? (await import("./ranges.ts")).openSuffix(suffix, openRange, stat)
        : length === 0
        ? emptyReader(offset, await stat())
        : await openRange(range);
    };
    const reader = isConditional(options)
      ? await (await import("./conditional_read.ts")).openIf(options, open, stat)
      : await open();
    const { size } = reader;
    const sized = size === undefined ? reader : exactSizeReader(reader, size);
    const verified = verify ? await verify(sized, size) : sized;
    const wrap = (error: unknown) => this.#runner.wrap(error, "get", image, signal);
    return { reader, bytes: guarded(verified, signal, wrap) };
  }

  /**
   * Returns the stream of an image, which is opened when it is first read. What `get` would throw is the
   * stream's error.
   *
   * @param image The image: its id, its location or its location URI.
   * @param options As for `get`.
   * @returns The stream, in chunks of 4 MiB but the last.
   */
  readable(image: ImageRef, options: GetOptions = {}): ReadableStream<Bytes> {
    let opened: Promise<{ bytes: ByteReader }> | undefined;
    return readableFrom({
      read: async (view) => {
        opened ??= this.#runner.run("get", image, options, () => this.#open(image, options));
        return await (await opened).bytes.read(view);
      },
      close: async (reason) => {
        await (await opened?.catch(() => undefined))?.bytes.close(reason);
      },
    });
  }

  /**
   * Returns a stream. What is written to it becomes the image when the stream is closed.
   *
   * @param imageId The id of the new image.
   * @param options As for `add`.
   * @returns The stream, whose `result` is what `add` resolves to.
   */
  writable(imageId: string, options: AddOptions = {}): ImageWritable {
    return new ImageWritable((data) => this.add(imageId, data, options));
  }

  /**
   * Opens random access to an image. The handle is pinned to the image: if another takes its id, reads
   * go on with the old one or fail with `ImageChanged`.
   *
   * @param image The image: its id, its location or its location URI.
   * @param options The caller, and an abort signal.
   * @returns The handle, to be closed after use.
   * @throws {NotFound} If there is no such image.
   * @throws {StoreRandomGetNotSupported} If the store cannot read from the middle.
   */
  open(image: ImageRef, options: OperationOptions = {}): Promise<ImageHandle> {
    return this.#openHandle(image, options, true);
  }

  #openHandle(
    image: ImageRef,
    options: OperationOptions,
    readsAhead: boolean,
  ): Promise<ImageHandle> {
    return this.#runner.run("open", image, options, async () => {
      await this.#runner.requireRange(READ, true, true);
      const location = await this.#runner.resolve(image, options);
      const stat = await this.driver.statImage(location, options);
      const { size } = stat;
      if (size === undefined) {
        throw new StoreRandomGetNotSupported("the size of the image is not known");
      }
      const { checkedHandle, rangedHandle } = await import("./image_handle.ts");
      const handle = await this.driver.openHandle?.(location, size, options) ??
        rangedHandle(
          size,
          stat,
          (range) => this.driver.openRead(location, range, options),
          readsAhead,
        );
      return checkedHandle(handle, (read) => this.#runner.run("read", image, options, read));
    });
  }

  /**
   * Reads ranges of one image into memory. Ranges that overlap or lie less than 256 KiB apart are read by
   * one request, and several requests are sent at the same time. All bytes are of the same image: if
   * another takes its id meanwhile, this fails with `ImageChanged` or goes on with the old one.
   *
   * @param image The image: its id, its location or its location URI.
   * @param ranges The ranges, in any order: `offset` and `length`, or `suffix`, in bytes.
   * @param options The caller, and an abort signal.
   * @returns The bytes of each range, in the order of `ranges`. One that ends after the image's end is cut.
   * @throws {NotFound} If there is no such image.
   * @throws {InvalidRange} If a range begins after the end of the image.
   * @throws {StoreRandomGetNotSupported} If the store cannot read from the middle.
   */
  async getRanges(
    image: ImageRef,
    ranges: readonly ImageRange[],
    options: OperationOptions = {},
  ): Promise<Bytes[]> {
    const { getRanges } = await import("./ranges.ts");
    const open = () => this.#openHandle(image, options, false);
    return await getRanges(this.#runner, open, image, ranges, options);
  }

  /**
   * Reads what is known of an image without its bytes.
   *
   * @param image The image: its id, its location or its location URI.
   * @param options Preconditions, the caller, and an abort signal.
   * @returns Size in bytes, date, ETag and digests, as far as the backend knows them.
   * @throws {NotFound} If there is no such image.
   * @throws {NotModified} If the caller has this image: `ifNoneMatch` or `ifModifiedSince` does not hold.
   * @throws {PreconditionFailed} If it is another image: `ifMatch` or `ifUnmodifiedSince` does not hold.
   */
  stat(image: ImageRef, options: StatOptions = {}): Promise<ImageStat> {
    return this.#runner.onImage("stat", image, options, READ, async (location) => {
      const stat = await this.driver.statImage(location, options);
      if (isConditional(options)) {
        (await import("./conditional_read.ts")).checkConditions(options, stat);
      }
      const { format, virtualSize } = stat.inspection ?? {};
      const known = stat.inspection ? { format, virtualSize } : {};
      return { ...stat, ...known, location: this.#runner.bind(location) };
    });
  }

  /**
   * Recognises a stored image, measures it and judges whether it is safe. What the store keeps of an
   * earlier inspection is returned as it is. Else at most three ranges are read, of less than 512 KiB, of
   * what usual programs write; from a store without ranges, the whole image.
   *
   * @param image The image: its id, its location or its location URI.
   * @param options Whether what is kept will do, the caller, and an abort signal.
   * @returns What the image is, and whether it is safe.
   * @throws {NotFound} If there is no such image.
   * @throws {ImageChanged} If the image is replaced while it is being read.
   */
  async inspect(image: ImageRef, options: InspectOptions = {}): Promise<ImageInspection> {
    return (await import("./inspect.ts")).inspectImage(this.#runner, image, options);
  }

  /**
   * Returns the size of an image.
   *
   * @param image The image: its id, its location or its location URI.
   * @param options As for `stat`.
   * @returns The size in bytes, or `undefined` where the backend does not know it.
   * @throws {NotFound} If there is no such image.
   */
  async getSize(image: ImageRef, options: StatOptions = {}): Promise<number | undefined> {
    return (await this.stat(image, options)).size;
  }

  /**
   * Deletes an image.
   *
   * @param image The image: its id, its location or its location URI.
   * @param options The caller, and an abort signal.
   * @returns Whether the backend keeps the data, and why.
   * @throws {NotFound} If there is no such image.
   * @throws {InUseByStore} If the backend cannot delete it now. It is left whole.
   * @throws {StoreDeleteNotSupported} If the store cannot delete.
   */
  async delete(image: ImageRef, options: OperationOptions = {}): Promise<DeleteResult> {
    return await (await operations()).remove(this.#runner, image, options);
  }

  /**
   * Deletes images, many by one request where the backend can. Missing ones are no failure.
   *
   * @param images Ids, locations or location URIs. They need not all be known at the start.
   * @param options The caller, and an abort signal.
   * @returns What became of each image, in the order of `images`.
   * @throws {StoreError} The error of an image that cannot be deleted. Others may have been deleted.
   */
  async deleteMany(
    images: Iterable<ImageRef> | AsyncIterable<ImageRef>,
    options: OperationOptions = {},
  ): Promise<DeletedImage[]> {
    return (await import("./delete_many.ts")).removeMany(this.#runner, images, options);
  }

  /**
   * Removes what the backend keeps of a directory itself, though no image is in it: a folder marker of
   * S3 or Swift, an empty directory of files. What holds an image is left as it is.
   *
   * @param directory The directory, without a trailing slash.
   * @param options The caller, and an abort signal.
   * @throws {Invalid} If the marker holds bytes, which are somebody's.
   * @throws {StoreDeleteNotSupported} If the store cannot delete.
   */
  async removeDirectory(directory: string, options: OperationOptions = {}): Promise<void> {
    await (await operations()).removeDirectory(this.#runner, directory, options);
  }

  /**
   * Reads how much space is taken and free, as far as the backend says that without a listing.
   *
   * @param options The caller, and an abort signal.
   * @returns Bytes that are taken and free, and the number of images. What is not known is not set.
   */
  async usage(options: OperationOptions = {}): Promise<StoreUsage> {
    return (await operations()).usage(this.#runner, options);
  }

  /**
   * Removes what adds that never ended (of a process that was killed) left in the backend: uploads,
   * segments, temporary files. What another process is still adding looks the same, so `olderThan` must
   * be longer than any add takes. A whole image is never removed, and what has no date counts as young.
   *
   * @param options The least age in milliseconds, and whether to only list.
   * @returns Each leftover, after it was removed. A store that leaves nothing yields nothing.
   * @throws {StoreDeleteNotSupported} If the store cannot delete.
   */
  async *gc(options: GcOptions = {}): AsyncGenerator<Leftover> {
    yield* (await operations()).gc(this.#runner, options);
  }

  /**
   * Lists images: one directory's names, or with `recursive` every image below it. Every name comes
   * once, in no particular order, however many pages the backend needs. A directory without images
   * is empty, not an error.
   *
   * With a `limit`, the first entries come in the order of their names, and the next ones are listed with
   * `startAfter`. Amazon S3 and Swift begin and end where that says; of other stores everything is listed
   * and sorted out, in memory that the limit bounds.
   *
   * @param options The directory, which entries, and what to call with what is passed over.
   * @returns The entries.
   * @throws {Invalid} If `limit` is no whole number above 0.
   * @throws {StoreListNotSupported} If the store cannot list.
   */
  async *list(options: ListOptions = {}): AsyncGenerator<ListEntry> {
    for await (const entry of (await operations()).list(this.#runner, options)) yield entry;
  }

  /**
   * Copies an image to another id: inside the backend where it can, else as a stream.
   *
   * @param image The image: its id, its location or its location URI.
   * @param imageId The id of the copy.
   * @param options Whether to verify it, which images are accepted, the caller, and an abort signal.
   * @returns Where the copy is, and its digests where they were computed on the way.
   * @throws {NotFound} If there is no such image.
   * @throws {Duplicate} If the new id exists.
   * @throws {ChecksumMismatch} If it is not what was added, as far as the store knows that.
   */
  async copy(
    image: ImageRef,
    imageId: string,
    options: CopyOptions = {},
  ): Promise<CopyResult> {
    return (await operations()).copy(this.#runner, this, image, imageId, options);
  }

  /**
   * Renames an image: in one step where the backend can, else by copying and deleting.
   *
   * @param image The image: its id, its location or its location URI.
   * @param imageId The new id.
   * @param options The caller, and an abort signal.
   * @returns The new location.
   * @throws {NotFound} If there is no such image.
   * @throws {Duplicate} If the new id exists.
   */
  async rename(
    image: ImageRef,
    imageId: string,
    options: OperationOptions = {},
  ): Promise<Location> {
    return (await operations()).rename(this.#runner, this, image, imageId, options);
  }

  /**
   * Reads who may do what with an image.
   *
   * @param image The image: its id, its location or its location URI.
   * @param options The caller, and an abort signal.
   * @returns The grants.
   * @throws {StoreAclsNotSupported} If the store has no ACLs.
   * @throws {NotFound} If there is no such image.
   */
  async getAcls(image: ImageRef, options: OperationOptions = {}): Promise<Acls> {
    return (await operations()).getAcls(this.#runner, image, options);
  }

  /**
   * Replaces who may do what with an image; what is left out is denied.
   *
   * @param image The image: its id, its location or its location URI.
   * @param acls The grants.
   * @param options The caller, and an abort signal.
   * @throws {StoreAclsNotSupported} If the store has no ACLs, or cannot express these.
   * @throws {NotFound} If there is no such image.
   */
  async setAcls(
    image: ImageRef,
    acls: Partial<Acls>,
    options: OperationOptions = {},
  ): Promise<void> {
    await (await operations()).setAcls(this.#runner, image, acls, options);
  }

  /**
   * Reads an image that another program added, computes its digests and records them, so that it can be
   * verified from now on.
   *
   * @param image The image: its id, its location or its location URI.
   * @param options The algorithm of the multihash, an observer of the chunks, the caller, an abort signal.
   * @returns The size in bytes and the digests.
   * @throws {StoreAddDisabled} If the store cannot be written, or keeps no digests of such images.
   * @throws {NotFound} If there is no such image.
   */
  async recordDigests(image: ImageRef, options: RecordOptions = {}): Promise<ImageDigest> {
    return (await operations()).recordDigests(this.#runner, image, options);
  }

  /**
   * Creates a URL that gives access to one image for a limited time.
   *
   * @param image The image: its id, its location or its location URI.
   * @param options The method, for how many milliseconds the URL is valid, and whether a `PUT` may replace
   * an image. Otherwise a `PUT` must have the header `If-None-Match: *`.
   * @returns The URL. Whoever has it has the access.
   * @throws {StorePresignNotSupported} If the store cannot presign, or not a `PUT` that replaces nothing.
   * @throws {Invalid} If the method or the time is not allowed.
   */
  async presign(image: ImageRef, options: PresignOptions = {}): Promise<URL> {
    return (await operations()).presign(this.#runner, image, options);
  }

  /** Closes the store. If it is still opening, returns at once and closes it when opening ends. */
  close(): Promise<void> {
    return this.#runner.close();
  }

  /** Closes the store, as {@linkcode close} does. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Returns what may be printed of the store: its options without their secrets.
   *
   * @returns A plain object, for `JSON.stringify`, `console.log` and the like.
   */
  toJSON(): Record<string, unknown> {
    const { policy } = this.#runner;
    const options = {
      ...describeOptions(this.#class.OPTIONS, this.#options as Record<string, unknown>),
      ...Object.keys(policy).length > 0 && { accept: policy },
    };
    return { name: this.name, options, capabilities: this.describe() };
  }

  /**
   * Prints the store in Deno.
   *
   * @param inspect What Deno prints any value with.
   * @param options How it prints: colours, depth and the like.
   * @returns The class of the store and its options, `***` for every secret.
   */
  [Symbol.for("Deno.customInspect")](
    inspect: (value: unknown, options: unknown) => string,
    options: unknown,
  ): string {
    return `${this.constructor.name} ${inspect(this.toJSON(), options)}`;
  }

  /**
   * Prints the store in Node and Bun.
   *
   * @param _depth How many levels of objects are still to be printed. Not used.
   * @param options How it prints: colours, depth and the like.
   * @param inspect What the runtime prints any value with.
   * @returns The class of the store and its options, `***` for every secret.
   */
  [Symbol.for("nodejs.util.inspect.custom")](
    _depth: number,
    options: unknown,
    inspect: (value: unknown, options: unknown) => string,
  ): string {
    return `${this.constructor.name} ${inspect(this.toJSON(), options)}`;
  }

  /**
   * Runs a changing operation that only this driver has, as all others run.
   *
   * @typeParam T What the operation returns.
   * @param operation The name of the operation, for errors.
   * @param image The image: its id, its location or its location URI.
   * @param options The caller, and an abort signal.
   * @param body What to do with the image's location.
   * @returns What `body` returns.
   * @throws {StoreAddDisabled} If the store cannot be written.
   */
  protected async modify<T>(
    operation: string,
    image: ImageRef,
    options: OperationOptions,
    body: (location: L) => Promise<T>,
  ): Promise<T> {
    return (await operations()).modify(this.#runner, operation, image, options, body);
  }
}

let loading: Promise<typeof import("./operations.ts")> | undefined;

/** Loads the half of the store that programs which only read do not need, once. */
function operations(): Promise<typeof import("./operations.ts")> {
  return loading ??= import("./operations.ts").catch((error) => {
    loading = undefined;
    throw error;
  });
}
