/**
 * The store: the class that users hold, and the half of it that all drivers share.
 *
 * @module
 */
import { BitMasks } from "../capabilities/mod.ts";
import {
  BadStoreUri,
  type StoreError,
  StoreGetNotSupported,
  StoreRandomGetNotSupported,
} from "../errors/mod.ts";
import {
  checkImageId,
  Location,
  type StoreLocation,
  type StoreLocationClass,
} from "../location/mod.ts";
import { awaited } from "../streams/abort.ts";
import { type ByteReader, type Bytes, CHUNK_SIZE } from "../streams/bytes.ts";
import { exactSizeReader } from "../streams/exact_size.ts";
import { takeStream } from "../streams/passthrough.ts";
import { readableFrom } from "../streams/readable.ts";
import type { ImageData } from "../streams/source.ts";
import type {
  Acls,
  ImageHandle,
  ImageReader,
  Leftover,
  ListEntry,
  OperationOptions,
} from "./driver.ts";
import { guarded } from "./guard.ts";
import { StoreHooks } from "./hooks.ts";
import { ImageWritable } from "./image_writable.ts";
import type { StoreManager } from "./manager.ts";
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
import { checkRange, readResult } from "./reading.ts";

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

/** What an operation needs of a store, and the error of a store that lacks it. */
export type Ability = readonly [
  wanted: number,
  Refusal: new (detail: string, options?: ErrorOptions) => StoreError,
];

const READ: Ability = [BitMasks.READ_ACCESS, StoreGetNotSupported];

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
  #configured: Promise<void> | undefined;
  #isOpen = false;
  #closing: Promise<void> = Promise.resolve();
  #addFailure: unknown;
  #managing: StoreManager<L> | undefined;

  /** Validates the options; throws `BadStoreConfiguration`. Nothing is opened yet. */
  constructor(name: string, options: Readonly<Record<string, unknown>> = {}) {
    const driver = new.target as unknown as StoreClass;
    super(driver.CAPABILITIES);
    this.name = name;
    this.#class = driver;
    this.options = validateOptions(driver.OPTIONS, options, name) as O;
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
    if (this.#configured) return this.#configured;
    const configured = this.#closing.then(() => this.#configure()).catch(async (error) => {
      if (this.#configured === configured) this.#configured = undefined;
      throw await this.#wrap(error, "configure", undefined, undefined);
    });
    return this.#configured = configured;
  }

  async #configure(): Promise<void> {
    await this.configureGet();
    if (this.isCapable(BitMasks.WRITE_ACCESS)) {
      try {
        await this.configureAdd();
      } catch (error) {
        this.#addFailure = await this.#wrap(error, "configureAdd", undefined, undefined);
        this.unsetCapabilities(BitMasks.WRITE_ACCESS);
      }
    }
    await this.updateCapabilities();
    this.#isOpen = true;
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
    return (await this.#manager()).add(imageId, data, options);
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
      const { reader, bytes } = await this.#open(image, options);
      // What is verified or can be aborted passes through here.
      const passes = options.verify || options.signal;
      return readResult(reader, bytes, passes ? undefined : () => takeStream(reader));
    });
  }

  async #open(
    image: ImageRef,
    options: GetOptions,
  ): Promise<{ reader: ImageReader; bytes: ByteReader }> {
    const { signal, context } = options;
    const range = checkRange(options);
    await this.#requireRange(range.offset > 0, range.length !== undefined);
    const location = await this.#resolve(image, options);
    const stat = () => this.statImage(location, { signal, context });
    const verify = options.verify &&
      await (await import("./verify.ts")).verifying(options, stat);
    const reader = range.length === 0
      ? await (await import("./empty_reader.ts")).emptyReader(range.offset, stat)
      : await this.openRead(location, range, { signal, context });
    const { size } = reader;
    const sized = size === undefined ? reader : exactSizeReader(reader, size);
    const judged = verify ? await verify(sized, size) : sized;
    const bytes = guarded(judged, signal, (error) => this.#wrap(error, "get", image, signal));
    return { reader, bytes };
  }

  /**
   * The stream of an image, opened when it is first read. What `get` would throw is the stream's
   * error.
   */
  readable(image: ImageRef, options: GetOptions = {}): ReadableStream<Bytes> {
    let opened: Promise<{ bytes: ByteReader }> | undefined;
    return readableFrom({
      read: async (view) => {
        opened ??= this.#run("get", image, options, () => this.#open(image, options));
        return await (await opened).bytes.read(view);
      },
      close: async (reason) => {
        await (await opened?.catch(() => undefined))?.bytes.close(reason);
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
      await this.#requireRange(true, true);
      const location = await this.#resolve(image, options);
      const { size } = await this.statImage(location, options);
      if (size === undefined) {
        throw new StoreRandomGetNotSupported("the size of the image is not known");
      }
      const { runningHandle } = await import("./image_handle.ts");
      const handle = await this.openHandle(location, size, options);
      return runningHandle(handle, (read) => this.#run("read", image, options, read));
    });
  }

  /** Tells what is known of an image without reading it. Throws `NotFound`. */
  stat(image: ImageRef, options: OperationOptions = {}): Promise<ImageStat> {
    return this.#run("stat", image, options, async () => {
      await this.#require(READ);
      const location = await this.#resolve(image, options);
      return { ...await this.statImage(location, options), location: this.#bind(location) };
    });
  }

  /** Size of an image in bytes, or `undefined` where the backend does not tell. Throws `NotFound`. */
  async getSize(image: ImageRef, options: OperationOptions = {}): Promise<number | undefined> {
    return (await this.stat(image, options)).size;
  }

  /** Deletes an image. Throws `NotFound`, `StoreDeleteNotSupported`, `InUseByStore`. */
  async delete(image: ImageRef, options: OperationOptions = {}): Promise<void> {
    await (await this.#manager()).delete(image, options);
  }

  /**
   * Deletes images, many by one request where the backend can. Missing ones are passed over.
   *
   * Throws the error of one that cannot be deleted, whether others were deleted or not.
   */
  async deleteMany(
    images: Iterable<ImageRef> | AsyncIterable<ImageRef>,
    options: OperationOptions = {},
  ): Promise<void> {
    await (await this.#manager()).deleteMany(images, options);
  }

  /**
   * Removes what adds that never ended (of a process that was killed) left in the backend, and tells
   * each: uploads, segments, temporary files. What an add of another process is still working on
   * looks the same, so `olderThan` must be longer than any add takes.
   *
   * A store that leaves nothing, or cleans up by itself, has nothing to tell.
   */
  async *gc(options: GcOptions = {}): AsyncGenerator<Leftover> {
    yield* (await this.#manager()).gc(options);
  }

  /**
   * Lists images: one directory's names, or with `recursive` every image below it. Every name comes
   * once, in no particular order, however many pages the backend needs. A directory without images
   * is empty, not an error.
   */
  async *list(options: ListOptions = {}): AsyncGenerator<ListEntry> {
    yield* (await this.#manager()).list(options);
  }

  /**
   * Copies an image to another id: inside the backend where it can, else as a stream.
   *
   * Throws `NotFound`, `Duplicate`, and whatever `add` throws.
   */
  async copy(
    image: ImageRef,
    imageId: string,
    options: OperationOptions = {},
  ): Promise<CopyResult> {
    return (await this.#manager()).copy(image, imageId, options);
  }

  /** Renames an image: in one step where the backend can, else by copying and deleting. */
  async rename(
    image: ImageRef,
    imageId: string,
    options: OperationOptions = {},
  ): Promise<Location> {
    return (await this.#manager()).rename(image, imageId, options);
  }

  /** Who may do what with an image. Throws `StoreAclsNotSupported`, `NotFound`. */
  async getAcls(image: ImageRef, options: OperationOptions = {}): Promise<Acls> {
    return (await this.#manager()).getAcls(image, options);
  }

  /**
   * Replaces who may do what with an image; what is left out is denied.
   *
   * Throws `StoreAclsNotSupported`, also for what the backend cannot express, and `NotFound`.
   */
  async setAcls(
    image: ImageRef,
    acls: Partial<Acls>,
    options: OperationOptions = {},
  ): Promise<void> {
    await (await this.#manager()).setAcls(image, acls, options);
  }

  /** Makes a URL that gives access to one image for a while. Throws `StorePresignNotSupported`. */
  async presign(image: ImageRef, options: PresignOptions = {}): Promise<URL> {
    return (await this.#manager()).presign(image, options);
  }

  /**
   * Releases what the store holds; what is being opened, without waiting for it, as soon as it is
   * there. The next operation opens it again.
   */
  async close(): Promise<void> {
    const configured = this.#configured;
    if (configured === undefined) return;
    const wasOpen = this.#isOpen;
    this.#configured = undefined;
    this.#isOpen = false;
    const released = configured.then(() => {
      this.#isOpen = false;
      return this.release();
    });
    this.#closing = released.catch(() => {});
    if (wasOpen) await released;
  }

  /** The same as {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Runs a changing operation that only this driver has, as all others run: the store configured,
   * the image located, errors wrapped. Throws `StoreAddDisabled` if the store cannot be written.
   */
  protected async modify<T>(
    operation: string,
    image: ImageRef,
    options: OperationOptions,
    body: (location: L) => Promise<T>,
  ): Promise<T> {
    return (await this.#manager()).modify(operation, image, options, body);
  }

  /** The other half of the store. Who only reads never loads it. */
  async #manager(): Promise<StoreManager<L>> {
    const { StoreManager } = await import("./manager.ts");
    return this.#managing ??= new StoreManager<L>(this, {
      run: (...args) => this.#run(...args),
      wrap: (...args) => this.#wrap(...args),
      require: (ability) => this.#require(ability),
      resolve: (...args) => this.#resolve(...args),
      bind: (location) => this.#bind(location),
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
      if (!this.#isOpen) await awaited(this.configure(), signal);
      return await body();
    } catch (error) {
      throw await this.#wrap(error, operation, image, signal);
    }
  }

  /** The error that users see. What makes it is loaded with the first one. */
  async #wrap(
    error: unknown,
    operation: string,
    image: ImageRef | undefined,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    const { secretsOf, wrapError } = await import("./errors.ts");
    const secrets = secretsOf(this.#class.OPTIONS, this.options as Record<string, unknown>);
    return wrapError(error, { store: this.name, operation, image, signal, secrets });
  }

  async #require([wanted, Refusal]: Ability): Promise<void> {
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

  async #requireRange(offset: boolean, length: boolean): Promise<void> {
    const wanted = (offset ? BitMasks.READ_OFFSET : 0) | (length ? BitMasks.READ_CHUNK : 0);
    if (this.isCapable(BitMasks.READ_ACCESS, wanted)) return;
    await this.#require(READ);
    await this.#require([wanted, StoreRandomGetNotSupported]);
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
