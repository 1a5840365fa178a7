/**
 * The store: the class that users hold, and the half of it that all drivers share.
 *
 * @module
 */
import { BitMasks, StoreCapability } from "../capabilities/mod.ts";
import {
  BackendException,
  BadStoreUri,
  Invalid,
  InvalidRange,
  isAbort,
  StoreAclsNotSupported,
  StoreAddDisabled,
  StoreCopyNotSupported,
  StoreDeleteNotSupported,
  StoreError,
  StoreGetNotSupported,
  StoreListNotSupported,
  StorePresignNotSupported,
  StoreRandomGetNotSupported,
} from "../errors/mod.ts";
import {
  checkImageId,
  Location,
  maskUri,
  StoreLocation,
  type StoreLocationClass,
} from "../location/mod.ts";
import {
  type ByteRange,
  type ByteReader,
  type Bytes,
  CHUNK_SIZE,
  type ChunkObserver,
  type ExpectedDigests,
  type ImageData,
  openSource,
  readableFrom,
  streamReader,
} from "../streams/mod.ts";
import { exactly } from "../streams/exactly.ts";
import type {
  Acls,
  DriverStat,
  ImageDigest,
  ImageHandle,
  ImageReader,
  ImageWriter,
  ListEntry,
  OperationOptions,
  PresignRequest,
} from "./driver.ts";
import { guarded } from "./guard.ts";
import { ImageWritable } from "./image_writable.ts";
import { type OptionDefinitions, validateOptions } from "./options.ts";

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
  /** The bytes, in chunks of exactly 4 MiB but the last. */
  stream: ReadableStream<Bytes>;
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

/** What {@linkcode Store.copy} resolves to; the digests where somebody computed them. */
export interface CopyResult extends Partial<ImageDigest> {
  /** Where the copy is. */
  location: Location;
}

/** Options of {@linkcode Store.presign}: a `GET` for an hour unless said otherwise. */
export interface PresignOptions extends OperationOptions, Partial<PresignRequest> {}

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
  extends StoreCapability
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
    this.#secrets = Object.entries(driver.OPTIONS)
      .filter(([, definition]) => definition.secret)
      .map(([key]) => (this.options as Record<string, unknown>)[key])
      .filter((value) => typeof value === "string" && value.length > 3) as string[];
  }

  // The hooks of a driver. Each is called with a checked location, and what it throws is wrapped.

  /** Where an image of that id is, or would be. */
  protected abstract locate(imageId: string, options: OperationOptions): L | Promise<L>;
  /** The image id that has this location, or `undefined` where it is outside the store's tree. */
  protected abstract imageIdAt(location: L): string | undefined;
  /** Whether the location is this store's; by default, whether it is in its tree. */
  protected owns(location: L): boolean {
    return this.imageIdAt(location) !== undefined;
  }
  /** Opens a range of an image; throws `NotFound`, and `InvalidRange` past the end. */
  protected abstract openRead(
    location: L,
    range: ByteRange,
    options: OperationOptions,
  ): Promise<ImageReader>;
  /** Tells what is known of an image; throws `NotFound`. */
  protected abstract statImage(location: L, options: OperationOptions): Promise<DriverStat>;
  /** Begins a new image; throws `Duplicate`, at the latest on commit. */
  protected openWrite(
    _imageId: string,
    _options: OperationOptions & { size: number | undefined },
  ): Promise<ImageWriter<L>> {
    throw new StoreAddDisabled("the driver does not write");
  }
  /** Deletes an image; throws `NotFound`. */
  protected deleteImage(_location: L, _options: OperationOptions): Promise<void> {
    throw new StoreDeleteNotSupported("the driver does not delete");
  }
  /** Lists a directory, every name once, in any order. A directory without images is empty. */
  protected listImages(
    _directory: string,
    _recursive: boolean,
    _options: OperationOptions,
  ): AsyncIterable<ListEntry> {
    throw new StoreListNotSupported("the driver does not list");
  }
  /** Copies inside the backend; throws `NotFound` and `Duplicate`. */
  protected copyImage(_from: L, _imageId: string, _options: OperationOptions): Promise<L> {
    throw new StoreCopyNotSupported("the driver does not copy");
  }
  /** Renames inside the backend, where it can; throws `NotFound` and `Duplicate`. */
  protected renameImage?(from: L, imageId: string, options: OperationOptions): Promise<L>;
  /** Reads who may do what. */
  protected readAcls(_location: L, _options: OperationOptions): Promise<Acls> {
    throw new StoreAclsNotSupported("the driver has no ACLs");
  }
  /** Replaces who may do what. */
  protected writeAcls(
    _location: L,
    _acls: Acls,
    _options: OperationOptions,
  ): Promise<void> {
    throw new StoreAclsNotSupported("the driver has no ACLs");
  }
  /** Makes a presigned URL. */
  protected presignImage(
    _location: L,
    _request: PresignRequest,
  ): Promise<URL> {
    throw new StorePresignNotSupported("the driver does not presign");
  }
  /** Opens random access; by default, one ranged read a call. */
  protected openHandle(location: L, size: number, options: OperationOptions): Promise<ImageHandle> {
    return Promise.resolve({
      size,
      read: async (view, position) => {
        if (position >= size) return 0;
        const reader = await this.openRead(
          location,
          { offset: position, length: view.length },
          options,
        );
        try {
          // The reader may transfer the buffer that it is lent, and this one is the caller's.
          const part = await reader.read(new Uint8Array(Math.min(view.length, size - position)));
          view.set(part);
          return part.length;
        } finally {
          await reader.close();
        }
      },
      close: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  }
  /** Prepares reading; called once before the first operation. */
  protected configureGet(): Promise<void> {
    return Promise.resolve();
  }
  /** Releases what the store holds: connections, libraries. */
  protected release(): Promise<void> {
    return Promise.resolve();
  }

  // The portable half.

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
   * longer than `size`, `UnknownHashingAlgo`, `StorageFull`, `StorageWriteDenied`, and
   * `StoreAddDisabled` if the store cannot be written.
   */
  async add(imageId: string, data: ImageData, options: AddOptions = {}): Promise<AddResult> {
    const source = openSource(data);
    try {
      return await this.#run("add", imageId, options, () => this.#add(imageId, source, options));
    } catch (error) {
      await source.reader.close(error).catch(() => {});
      throw error;
    }
  }

  async #add(
    imageId: string,
    source: ReturnType<typeof openSource>,
    options: AddOptions,
  ): Promise<AddResult> {
    checkImageId(imageId);
    const size = options.size ?? source.size;
    if (size !== undefined && (!Number.isSafeInteger(size) || size < 0)) {
      throw new Invalid(`a size is a whole number of bytes, not ${size}`);
    }
    await this.#require(StoreAddDisabled, BitMasks.WRITE_ACCESS);
    const { hashingAlgo = "sha512", verifier, signal, context } = options;
    // Only those who write pay for the digests: a reader at the edge does not load them.
    const { checkAlgorithm, transfer } = await import("../streams/transfer.ts");
    checkAlgorithm(hashingAlgo);
    const writer = await this.openWrite(imageId, { size, signal, context });
    try {
      const image = await transfer(source.reader, {
        size,
        hashingAlgo,
        verifier,
        signal,
        write: (chunk) => writer.write(chunk),
      });
      const metadata = await writer.commit(image) ?? {};
      return {
        ...image,
        location: this.#bind(writer.location),
        metadata: { ...metadata, store: this.name },
      };
    } catch (error) {
      await writer.abort(error).catch(() => {});
      throw error;
    }
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
      const { offset = 0, length, signal, context } = options;
      for (const [name, value] of [["offset", offset], ["length", length ?? 0]] as const) {
        if (!Number.isSafeInteger(value) || value < 0) {
          throw new InvalidRange(`${name} is a whole number of bytes, not ${value}`);
        }
      }
      await this.#requireRead(offset > 0, length !== undefined);
      const location = await this.#resolve(image, options);
      const expected = await this.#expected(location, options);
      const reader = length === 0
        ? await this.#nothing(location, offset, options)
        : await this.openRead(location, { offset, length }, { signal, context });
      let bytes: ByteReader = reader;
      try {
        if (reader.size !== undefined) bytes = exactly(bytes, reader.size);
        if (expected !== undefined) {
          const { verified } = await import("../streams/verify.ts");
          bytes = await verified(bytes, expected, reader.size);
        }
      } catch (error) {
        await reader.close(error).catch(() => {});
        throw error;
      }
      bytes = guarded(bytes, signal, (error) => this.#wrap(error, "get", image, signal));
      return {
        size: reader.size,
        total: reader.total,
        etag: reader.etag,
        stream: readableFrom(bytes),
      };
    });
  }

  async #expected(location: L, options: GetOptions): Promise<ExpectedDigests | undefined> {
    const { verify, offset, length } = options;
    if (!verify) return undefined;
    if (offset || length !== undefined) throw new Invalid("only a whole image can be verified");
    const expected = verify === true ? await this.statImage(location, options) : verify;
    if (expected.checksum === undefined && expected.multihash === undefined) {
      throw new Invalid("nothing is known to verify the image against");
    }
    return { checksum: expected.checksum, multihash: expected.multihash };
  }

  async #nothing(location: L, offset: number, options: OperationOptions): Promise<ImageReader> {
    const { size: total, etag } = await this.statImage(location, options);
    if (total !== undefined && offset > total) throw pastEnd(offset, total);
    return {
      size: 0,
      total,
      etag,
      read: (view) => Promise.resolve(view.subarray(0, 0)),
      close: () => Promise.resolve(),
    };
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

  async #run<T>(
    operation: string,
    image: ImageRef,
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
    if (isAbort(error, signal)) return error;
    this.#maskCauses(error);
    const wrapped = error instanceof StoreError
      ? error
      : new BackendException(maskUri(String((error as Error)?.message ?? error)), { cause: error });
    const path = image === undefined ? undefined : maskUri(
      image instanceof Location ? image.imageId ?? `${image}` : `${image}`,
    );
    return wrapped.at({ store: this.name, operation, ...(path === undefined ? {} : { path }) });
  }

  /** Takes the store's secrets out of an error and its causes. */
  #maskCauses(error: unknown): void {
    for (let at = error; at instanceof Error; at = at.cause) {
      for (const secret of this.#secrets) {
        for (const key of ["message", "stack", "detail"] as const) {
          const text = (at as unknown as Record<string, unknown>)[key];
          if (typeof text === "string" && text.includes(secret)) {
            Object.defineProperty(at, key, { value: text.replaceAll(secret, "***") });
          }
        }
      }
    }
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

/** The error of a range that begins past the end of an image. */
export function pastEnd(offset: number, total: number): InvalidRange {
  return new InvalidRange(
    `offset ${offset} lies past the end of the image, which has ${total} bytes`,
  );
}
