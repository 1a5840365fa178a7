/**
 * The store: the class that users hold, and the half of it that all drivers share.
 *
 * @module
 */
import { BitMasks } from "../capabilities/mod.ts";
import {
  BadStoreUri,
  Invalid,
  StoreAclsNotSupported,
  StoreAddDisabled,
  StoreDeleteNotSupported,
  type StoreError,
  StoreGetNotSupported,
  StoreListNotSupported,
  StorePresignNotSupported,
  StoreRandomGetNotSupported,
} from "../errors/mod.ts";
import {
  checkImageId,
  Location,
  type StoreLocation,
  type StoreLocationClass,
} from "../location/mod.ts";
import { type ByteReader, type Bytes, CHUNK_SIZE } from "../streams/bytes.ts";
import { takeStream } from "../streams/passing.ts";
import { readableFrom } from "../streams/readable.ts";
import type { ImageData, ImageSource } from "../streams/source.ts";
import { streamReader } from "../streams/stream_reader.ts";
import type { Acls, ImageHandle, Leftover, ListEntry, OperationOptions } from "./driver.ts";
import { guarded } from "./guard.ts";
import { StoreHooks } from "./hooks.ts";
import { ImageWritable } from "./image_writable.ts";
import type {
  AddOptions,
  AddResult,
  CopyResult,
  GcOptions,
  GetOptions,
  GetResult,
  ImageRef,
  ImageStat,
  ListOptions,
  PresignOptions,
} from "./operations.ts";
import { type OptionDefinitions, validateOptions } from "./options.ts";
import { checkRange, emptyReader, expectedDigests, judgedReader, readResult } from "./reading.ts";
import { secretsOf, wrapError } from "./wrap.ts";

/** The constructor of a driver's store, with what it declares. */
export interface StoreClass {
  /** Makes a store; throws `BadStoreConfiguration`. */
  // deno-lint-ignore no-explicit-any -- a driver's options are its own interface
  new (name: string, options?: any): Store;
  /** The driver's options. */
  readonly OPTIONS: OptionDefinitions;
  /** The URI schemes it answers to. */
  readonly SCHEMES: readonly string[];
  /** What it can do before its configuration is known. */
  readonly CAPABILITIES: number;
  /** Its class of locations. */
  readonly LOCATION: StoreLocationClass;
}

/**
 * A store of images. Users call the public methods, which are the same for every store; a driver
 * extends this class, declares its statics and implements the protected hooks.
 *
 * The contract, held for all drivers by the conformance suite:
 *
 * - An image appears whole or not at all. Whatever ends an `add` early (an abort, a failed source, a
 *   size that lies, a crash) leaves nothing that `get` or `list` can see, and nothing to pay for.
 * - An id is never overwritten: the second `add` of it throws `Duplicate`, also when both run at
 *   once and only one can win.
 * - `get` gives exactly the bytes of the range, in chunks of 4 MiB but the last, or fails. Short
 *   data never looks whole. A range that begins at the image's end is empty; one that begins past it
 *   throws `InvalidRange`; one that ends past it ends with the image.
 * - Cancelling a stream, and aborting a signal, releases the file, socket or handle at once.
 * - A missing image is `NotFound` for `get`, `stat`, `delete`, `copy` and the ACLs.
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
  extends StoreHooks<L>
  implements AsyncDisposable {
  /** Size of the chunks that `get` gives, in bytes. */
  static readonly READ_CHUNKSIZE: number = CHUNK_SIZE;
  /** Size of the chunks that a driver is given to write, in bytes. */
  static readonly WRITE_CHUNKSIZE: number = CHUNK_SIZE;
  /** The driver's options, as data. */
  static readonly OPTIONS: OptionDefinitions = {};
  /** The URI schemes that the driver answers to; the first is the one it writes. */
  static readonly SCHEMES: readonly string[] = [];
  /** What the driver can do before its configuration is known. */
  static readonly CAPABILITIES: number = BitMasks.NONE;
  /** The driver's class of locations. */
  static readonly LOCATION: StoreLocationClass;

  /** Name of the store: its directory in the path tree. */
  readonly name: string;
  /** The options, validated, with their defaults. */
  protected readonly options: O;
  readonly #class: StoreClass;
  readonly #secrets: readonly string[];
  #configured: Promise<void> | undefined;
  #addFailure: unknown;

  /** Validates the options; throws `BadStoreConfiguration`. Nothing is opened yet. */
  constructor(name: string, options: Readonly<Record<string, unknown>> = {}) {
    const driver = new.target as unknown as StoreClass;
    super(driver.CAPABILITIES);
    this.name = name;
    this.#class = driver;
    this.options = validateOptions(driver.OPTIONS, options, name) as O;
    this.#secrets = secretsOf(driver.OPTIONS, this.options as Record<string, unknown>);
  }

  /** The URI schemes that the store answers to. */
  getSchemes(): readonly string[] {
    return this.#class.SCHEMES;
  }

  /** The class of the store's locations, which parses their URIs. */
  getStoreLocationClass(): StoreLocationClass<L> {
    return this.#class.LOCATION as StoreLocationClass<L>;
  }

  /** Prepares writing. A failure makes the store read-only. Called by {@linkcode configure}. */
  configureAdd(): Promise<void> {
    return Promise.resolve();
  }

  /**
   * Opens the store. The first operation does it too; calling it shows a wrong configuration early.
   *
   * Throws what the driver throws when it cannot even read. A `configureAdd` that fails takes
   * WRITE_ACCESS away instead, and `add` says why from then on.
   */
  configure(): Promise<void> {
    this.#configured ??= this.#configure().catch((error) => {
      this.#configured = undefined;
      throw this.#wrap(error, "configure", undefined, undefined);
    });
    return this.#configured;
  }

  async #configure(): Promise<void> {
    await this.configureGet();
    if (this.isCapable(BitMasks.WRITE_ACCESS)) {
      try {
        await this.configureAdd();
      } catch (error) {
        this.#addFailure = this.#wrap(error, "configureAdd", undefined, undefined);
        this.unsetCapabilities(BitMasks.WRITE_ACCESS);
      }
    }
    await this.updateCapabilities();
  }

  /** Why the store cannot be written although its driver can, or `undefined`. */
  get addFailure(): Error | undefined {
    return this.#addFailure as Error | undefined;
  }

  /** The location that an id has, or would have. Throws `InvalidImageId`. */
  locationOf(imageId: string, options: OperationOptions = {}): Promise<Location> {
    return this.#run("locate", imageId, options, async () => {
      return this.#bind(await this.locate(checkImageId(imageId), options));
    });
  }

  /** The id of the image at a location, or `undefined` where it is outside the store's tree. */
  imageIdOf(location: StoreLocation): string | undefined {
    return this.imageIdAt(location as L);
  }

  /** Whether the store answers for a location of its scheme. */
  ownsLocation(location: StoreLocation): boolean {
    return this.owns(location as L);
  }

  /**
   * Adds an image. It appears whole or not at all.
   *
   * Throws `Duplicate` if the id exists, `InvalidImageId`, `SizeMismatch` if the data is shorter or
   * longer than `size`, `ChecksumMismatch` if it has not the `expected` digests,
   * `UnknownHashingAlgo`, `StorageFull`, `StorageWriteDenied`, and `StoreAddDisabled` if the store
   * cannot be written.
   */
  async add(imageId: string, data: ImageData, options: AddOptions = {}): Promise<AddResult> {
    // Only those who write pay for it: a reader at the edge loads neither sources nor digests.
    const { openSource } = await import("../streams/source.ts");
    const source = openSource(data);
    try {
      return await this.#run("add", imageId, options, () => this.#add(imageId, source, options));
    } catch (error) {
      await source.reader.close(error).catch(() => {});
      throw error;
    }
  }

  async #add(imageId: string, source: ImageSource, options: AddOptions): Promise<AddResult> {
    checkImageId(imageId);
    await this.#require(StoreAddDisabled, BitMasks.WRITE_ACCESS);
    const { addImage } = await import("./adding.ts");
    const added = await addImage(source, options, (write) => this.openWrite(imageId, write));
    return {
      ...added,
      location: this.#bind(added.location),
      metadata: { ...added.metadata, store: this.name },
    };
  }

  /**
   * Opens an image, or a range of it, for reading.
   *
   * Throws `NotFound`, `InvalidRange`, `BadStoreUri` if the location is not this store's,
   * `StoreRandomGetNotSupported` if the store cannot give a range, and `Invalid` if `verify` asks for
   * what nobody knows. The stream fails with `ChecksumMismatch`, `RemoteServiceUnavailable`, ...
   */
  get(image: ImageRef, options: GetOptions = {}): Promise<GetResult> {
    return this.#run("get", image, options, async () => {
      const { signal, context } = options;
      const range = checkRange(options);
      await this.#requireRead(range.offset > 0, range.length !== undefined);
      const location = await this.#resolve(image, options);
      const stat = () => this.statImage(location, { signal, context });
      const expected = await expectedDigests(options, stat);
      const reader = range.length === 0
        ? await emptyReader(range.offset, stat)
        : await this.openRead(location, range, { signal, context });
      const judged = await judgedReader(reader, expected);
      const bytes = guarded(judged, signal, (error) => this.#wrap(error, "get", image, signal));
      // What is verified or can be aborted passes through here.
      return readResult(reader, bytes, expected || signal ? undefined : () => takeStream(reader));
    });
  }

  /**
   * The stream of an image, opened when it is first read. What `get` would throw is the stream's
   * error.
   */
  readable(image: ImageRef, options: GetOptions = {}): ReadableStream<Bytes> {
    let reader: Promise<ByteReader> | undefined;
    return readableFrom({
      read: async (view) => {
        reader ??= this.get(image, options).then(({ stream }) => streamReader(stream));
        return (await reader).read(view);
      },
      close: async (reason) => {
        await (await reader?.catch(() => undefined))?.close(reason);
      },
    });
  }

  /** A stream that adds what is written to it: the image appears when it is closed. */
  writable(imageId: string, options: AddOptions = {}): ImageWritable {
    return new ImageWritable((data) => this.add(imageId, data, options));
  }

  /**
   * Opens random access to an image.
   *
   * Throws `NotFound`, and `StoreRandomGetNotSupported` if the store cannot read from the middle.
   */
  open(image: ImageRef, options: OperationOptions = {}): Promise<ImageHandle> {
    return this.#run("open", image, options, async () => {
      await this.#requireRead(true, true);
      const location = await this.#resolve(image, options);
      const { size } = await this.statImage(location, options);
      if (size === undefined) {
        throw new StoreRandomGetNotSupported("the size of the image is not known");
      }
      const handle = await this.openHandle(location, size, options);
      return {
        size: handle.size,
        read: (view, position) =>
          this.#run("read", image, options, () => handle.read(view, position)),
        close: () => handle.close(),
        [Symbol.asyncDispose]: () => handle.close(),
      };
    });
  }

  /** Tells what is known of an image without reading it. Throws `NotFound`. */
  stat(image: ImageRef, options: OperationOptions = {}): Promise<ImageStat> {
    return this.#run("stat", image, options, async () => {
      await this.#require(StoreGetNotSupported, BitMasks.READ_ACCESS);
      const location = await this.#resolve(image, options);
      return { ...await this.statImage(location, options), location: this.#bind(location) };
    });
  }

  /** Size of an image in bytes, or `undefined` where the backend does not tell. Throws `NotFound`. */
  async getSize(image: ImageRef, options: OperationOptions = {}): Promise<number | undefined> {
    return (await this.stat(image, options)).size;
  }

  /** Deletes an image. Throws `NotFound`, `StoreDeleteNotSupported`, `InUseByStore`. */
  delete(image: ImageRef, options: OperationOptions = {}): Promise<void> {
    return this.#run("delete", image, options, async () => {
      await this.#require(StoreDeleteNotSupported, BitMasks.WRITE_ACCESS);
      await this.deleteImage(await this.#resolve(image, options), options);
    });
  }

  /**
   * Deletes images, many by one request where the backend can. Missing ones are passed over.
   *
   * Throws the error of one that cannot be deleted, whether others were deleted or not.
   */
  deleteMany(
    images: Iterable<ImageRef> | AsyncIterable<ImageRef>,
    options: OperationOptions = {},
  ): Promise<void> {
    return this.#run("delete", undefined, options, async () => {
      await this.#require(StoreDeleteNotSupported, BitMasks.WRITE_ACCESS);
      const resolve = (image: ImageRef) => this.#resolve(image, options);
      await this.deleteImages(
        async function* () {
          for await (const image of images) yield await resolve(image);
        }(),
        options,
      );
    });
  }

  /**
   * Removes what adds that never ended (of a process that was killed) left in the backend, and tells
   * each: uploads, segments, temporary files. What an add of another process is still working on
   * looks the same, so `olderThan` must be longer than any add takes.
   *
   * A store that leaves nothing, or cleans up by itself, has nothing to tell.
   */
  async *gc(options: GcOptions = {}): AsyncGenerator<Leftover> {
    const { olderThan = 86_400_000, dryRun = false, signal, context } = options;
    try {
      signal?.throwIfAborted();
      await this.configure();
      if (!dryRun) await this.#require(StoreDeleteNotSupported, BitMasks.WRITE_ACCESS);
      for await (const leftover of this.leftovers?.({ signal, context }) ?? []) {
        if (leftover.since.getTime() > Date.now() - olderThan) continue;
        if (!dryRun) await leftover.remove();
        yield leftover;
      }
    } catch (error) {
      throw this.#wrap(error, "gc", undefined, signal);
    }
  }

  /**
   * Lists images: one directory's names, or with `recursive` every image below it. Every name comes
   * once, in no particular order, however many pages the backend needs. A directory without images
   * is empty, not an error.
   */
  async *list(options: ListOptions = {}): AsyncGenerator<ListEntry> {
    const { directory = "", recursive = false, signal, context } = options;
    try {
      signal?.throwIfAborted();
      if (directory !== "") checkImageId(directory);
      await this.configure();
      await this.#require(StoreListNotSupported, BitMasks.LIST);
      for await (const entry of this.listImages(directory, recursive, { signal, context })) {
        signal?.throwIfAborted();
        yield entry;
      }
    } catch (error) {
      throw this.#wrap(error, "list", directory || "/", signal);
    }
  }

  /**
   * Copies an image to another id: inside the backend where it can, else as a stream.
   *
   * Throws `NotFound`, `Duplicate`, and whatever `add` throws.
   */
  copy(image: ImageRef, imageId: string, options: OperationOptions = {}): Promise<CopyResult> {
    return this.#run("copy", image, options, async () => {
      checkImageId(imageId);
      await this.#require(StoreAddDisabled, BitMasks.WRITE_ACCESS);
      const from = await this.#resolve(image, options);
      if (this.isCapable(BitMasks.COPY)) {
        return { location: this.#bind(await this.copyImage(from, imageId, options)) };
      }
      const { stream, size } = await this.get(from, options);
      return await this.add(imageId, stream, { ...options, size });
    });
  }

  /** Renames an image: in one step where the backend can, else by copying and deleting. */
  rename(image: ImageRef, imageId: string, options: OperationOptions = {}): Promise<Location> {
    return this.#run("rename", image, options, async () => {
      checkImageId(imageId);
      await this.#require(StoreAddDisabled, BitMasks.WRITE_ACCESS);
      const from = await this.#resolve(image, options);
      if (this.renameImage) return this.#bind(await this.renameImage(from, imageId, options));
      const { location } = await this.copy(from, imageId, options);
      await this.delete(from, options);
      return location;
    });
  }

  /** Who may do what with an image. Throws `StoreAclsNotSupported`, `NotFound`. */
  getAcls(image: ImageRef, options: OperationOptions = {}): Promise<Acls> {
    return this.#run("getAcls", image, options, async () => {
      await this.#require(StoreAclsNotSupported, BitMasks.ACL_READ);
      return await this.readAcls(await this.#resolve(image, options), options);
    });
  }

  /**
   * Replaces who may do what with an image; what is left out is denied.
   *
   * Throws `StoreAclsNotSupported`, also for what the backend cannot express, and `NotFound`.
   */
  setAcls(image: ImageRef, acls: Partial<Acls>, options: OperationOptions = {}): Promise<void> {
    return this.#run("setAcls", image, options, async () => {
      await this.#require(StoreAclsNotSupported, BitMasks.ACL_WRITE);
      const { public: open = false, readTenants = [], writeTenants = [] } = acls;
      await this.writeAcls(
        await this.#resolve(image, options),
        { public: open, readTenants, writeTenants },
        options,
      );
    });
  }

  /** Makes a URL that gives access to one image for a while. Throws `StorePresignNotSupported`. */
  presign(image: ImageRef, options: PresignOptions = {}): Promise<URL> {
    return this.#run("presign", image, options, async () => {
      await this.#require(StorePresignNotSupported, BitMasks.PRESIGN);
      const { method = "GET", expiresIn = 3_600_000 } = options;
      if (!(expiresIn > 0)) throw new Invalid(`expiresIn is ${expiresIn} ms, not more than 0`);
      return await this.presignImage(await this.#resolve(image, options), { method, expiresIn });
    });
  }

  /** Releases what the store holds. The next operation opens it again. */
  async close(): Promise<void> {
    if (this.#configured === undefined) return;
    this.#configured = undefined;
    await this.release();
  }

  /** The same as {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Runs a changing operation that only this driver has, as all others run: the store configured,
   * the image located, errors wrapped. Throws `StoreAddDisabled` if the store cannot be written.
   */
  protected modify<T>(
    operation: string,
    image: ImageRef,
    options: OperationOptions,
    body: (location: L) => Promise<T>,
  ): Promise<T> {
    return this.#run(operation, image, options, async () => {
      await this.#require(StoreAddDisabled, BitMasks.WRITE_ACCESS);
      return await body(await this.#resolve(image, options));
    });
  }

  async #run<T>(
    operation: string,
    image: ImageRef | undefined,
    { signal }: OperationOptions,
    body: () => Promise<T>,
  ): Promise<T> {
    try {
      signal?.throwIfAborted();
      await this.configure();
      return await body();
    } catch (error) {
      throw this.#wrap(error, operation, image, signal);
    }
  }

  #wrap(
    error: unknown,
    operation: string,
    image: ImageRef | undefined,
    signal: AbortSignal | undefined,
  ): unknown {
    return wrapError(error, { store: this.name, operation, image, signal, secrets: this.#secrets });
  }

  async #require(
    Refusal: new (detail: string, options?: ErrorOptions) => StoreError,
    wanted: number,
  ): Promise<void> {
    if (this.isCapable(wanted)) return;
    await this.updateCapabilities();
    if (this.isCapable(wanted)) return;
    if (this.#addFailure && wanted === BitMasks.WRITE_ACCESS) {
      const { detail, message } = this.#addFailure as StoreError;
      throw new Refusal(`the store is read-only: ${detail ?? message}`, {
        cause: this.#addFailure,
      });
    }
    throw new Refusal("the store does not support it");
  }

  async #requireRead(offset: boolean, length: boolean): Promise<void> {
    await this.#require(StoreGetNotSupported, BitMasks.READ_ACCESS);
    await this.#require(
      StoreRandomGetNotSupported,
      (offset ? BitMasks.READ_OFFSET : 0) | (length ? BitMasks.READ_CHUNK : 0),
    );
  }

  async #resolve(image: ImageRef, options: OperationOptions): Promise<L> {
    if (typeof image === "string" && !image.includes("://")) {
      return await this.locate(checkImageId(image), options);
    }
    const location = typeof image === "string"
      ? this.getStoreLocationClass().parse(image)
      : image instanceof Location
      ? image.storeLocation as L
      : image as L;
    if (!this.getSchemes().includes(location.scheme) || !this.owns(location)) {
      throw new BadStoreUri(`${location} lies outside the store`);
    }
    return location;
  }

  #bind(location: L): Location {
    return new Location(this.name, location, this.imageIdAt(location));
  }
}
