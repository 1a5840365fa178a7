/**
 * The memory store: everything that a store can do, in the memory of the process. For tests, for
 * caches, and as the reference of what the contract means.
 *
 * @module
 */
import { Duplicate, Forbidden, NotFound, StorageFull } from "../../errors/mod.ts";
import type {
  Driver,
  DriverContext,
  DriverHandle,
  ImageReader,
  ImageWriter,
  WriteOptions,
} from "../../store/driver.ts";
import { ExtentList } from "../../store/extents.ts";
import { entriesBelow } from "../../store/listing.ts";
import { pastEnd } from "../../store/reading.ts";
import type {
  Acls,
  DriverStat,
  ImageFacts,
  ImageProperties,
  ListEntry,
  OperationOptions,
  StoreContext,
  StoreUsage,
} from "../../store/types.ts";
import { type ByteRange, type Bytes, CHUNK_SIZE } from "../../streams/mod.ts";
import { MemoryLocation } from "./location.ts";
import type { MemoryOptions } from "./options.ts";

/** An image: whole chunks of 4 MiB but the last, never changed once they are here. */
interface MemoryImage extends ImageFacts {
  properties: ImageProperties;
  chunks: readonly Bytes[];
  modified: Date;
  owner: string | undefined;
  acls: Acls;
}

const PRIVATE: Acls = { public: false, readTenants: [], writeTenants: [] };

/** Stands for every chunk that is all zeros. */
const ZEROS: Bytes = new Uint8Array(CHUNK_SIZE);

function isZero(chunk: Bytes): boolean {
  for (let at = 0; at < chunk.length; at++) {
    if (chunk[at] !== 0) return false;
  }
  return true;
}

/** Fills a view from a position of an image on, up to `end`; returns the number of bytes. */
function fill(view: Bytes, chunks: readonly Bytes[], position: number, end: number): number {
  let filled = 0;
  for (let at = position; filled < view.length && at < end; at = position + filled) {
    const from = at % CHUNK_SIZE;
    const wanted = Math.min(view.length - filled, end - at);
    const piece = chunks[Math.floor(at / CHUNK_SIZE)]!.subarray(from, from + wanted);
    view.set(piece, filled);
    filled += piece.length;
  }
  return filled;
}

/** The driver of {@linkcode MemoryStore}. */
export class MemoryDriver implements Driver<MemoryLocation> {
  readonly #name: string;
  readonly #options: MemoryOptions;

  readonly #images = new Map<string, MemoryImage>();
  #used = 0;

  /**
   * Creates the driver of a store. Nothing is opened.
   *
   * @param context The name of the store, its options and its capabilities.
   */
  constructor({ name, options }: DriverContext<MemoryOptions>) {
    this.#name = name;
    this.#options = options;
  }

  locate(imageId: string): MemoryLocation {
    return new MemoryLocation(this.#name, imageId);
  }

  imageIdAt(location: MemoryLocation): string | undefined {
    return location.store === this.#name ? location.path : undefined;
  }

  openRead(
    location: MemoryLocation,
    { offset, length }: ByteRange,
    { context }: OperationOptions,
  ): Promise<ImageReader> {
    const { chunks, size: total, checksum, modified } = this.#readable(location, context);
    if (offset > total) throw pastEnd(offset, total);
    let at = offset;
    const end = Math.min(total, offset + (length ?? total));
    return Promise.resolve({
      size: end - offset,
      total,
      etag: `"${checksum}"`,
      modified,
      isSparse: chunks.some(({ buffer }) => buffer === ZEROS.buffer),
      read: (view) => {
        const filled = fill(view, chunks, at, end);
        at += filled;
        return Promise.resolve(view.subarray(0, filled));
      },
      close: () => Promise.resolve(),
    });
  }

  openHandle(
    location: MemoryLocation,
    size: number,
    { context }: OperationOptions,
  ): Promise<DriverHandle> {
    const { chunks } = this.#readable(location, context);
    return Promise.resolve({
      size,
      read: (view, position) => Promise.resolve(fill(view, chunks, position, size)),
      extents: (offset, length) => {
        const list = new ExtentList(offset, length);
        while (!list.isFull) {
          const chunk = chunks[Math.floor(list.position / CHUNK_SIZE)]!;
          const kind = chunk.buffer === ZEROS.buffer ? "hole" : "data";
          list.add(kind, CHUNK_SIZE - list.position % CHUNK_SIZE);
        }
        return Promise.resolve(list.extents);
      },
      close: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  }

  statImage(
    location: MemoryLocation,
    { context }: OperationOptions,
  ): Promise<DriverStat> {
    const image = this.#readable(location, context);
    const { size, modified, checksum, multihash, inspection, properties } = image;
    const etag = `"${checksum}"`;
    return Promise.resolve({
      size,
      modified,
      checksum,
      multihash,
      inspection,
      etag,
      ...copyProperties(properties),
    });
  }

  openWrite(
    imageId: string,
    { context, contentType, cacheControl, metadata }: WriteOptions,
  ): Promise<ImageWriter<MemoryLocation>> {
    this.#refuseDuplicate(imageId);
    const chunks: Bytes[] = [];
    let held = 0;
    let stored: MemoryImage | undefined;
    return Promise.resolve({
      location: this.locate(imageId),
      get etag() {
        return stored && `"${stored.checksum}"`;
      },
      get modified() {
        return stored?.modified;
      },
      write: (chunk) => {
        this.#take(chunk.length);
        held += chunk.length;
        chunks.push(isZero(chunk) ? ZEROS.subarray(0, chunk.length) : chunk.slice());
        return Promise.resolve();
      },
      commit: (image) => {
        this.#refuseDuplicate(imageId);
        stored = {
          ...image,
          properties: copyProperties({ contentType, cacheControl, metadata }),
          chunks,
          modified: new Date(),
          owner: context?.tenant,
          acls: PRIVATE,
        };
        this.#images.set(imageId, stored);
        return Promise.resolve();
      },
      abort: () => {
        this.#used -= held;
        return Promise.resolve();
      },
    });
  }

  deleteImage(
    location: MemoryLocation,
    { context }: OperationOptions,
  ): Promise<void> {
    const image = this.#find(location);
    requireWriter(image, context);
    this.#images.delete(location.path);
    this.#used -= image.size;
    return Promise.resolve();
  }

  readUsage(): Promise<StoreUsage> {
    const { capacity } = this.#options;
    const free = capacity === undefined ? undefined : capacity - this.#used;
    return Promise.resolve({ used: this.#used, free, images: this.#images.size });
  }

  async *listImages(
    directory: string,
    recursive: boolean,
    { context }: OperationOptions,
  ): AsyncGenerator<ListEntry> {
    const images = [...this.#images]
      .filter(([, image]) => mayRead(image, context))
      .map(([path, { size, modified, checksum, inspection, properties }]) => ({
        path,
        kind: "image" as const,
        size,
        modified,
        etag: `"${checksum}"`,
        contentType: properties?.contentType,
        format: inspection?.format,
        virtualSize: inspection?.virtualSize,
      }));
    yield* entriesBelow(images, directory, recursive);
  }

  copyImage(
    from: MemoryLocation,
    imageId: string,
    { context }: OperationOptions,
  ): Promise<MemoryLocation> {
    const image = this.#readable(from, context);
    this.#refuseDuplicate(imageId);
    this.#take(image.size);
    this.#images.set(imageId, {
      ...image,
      modified: new Date(),
      owner: context?.tenant,
      acls: PRIVATE,
    });
    return Promise.resolve(this.locate(imageId));
  }

  renameImage(
    from: MemoryLocation,
    imageId: string,
    { context }: OperationOptions,
  ): Promise<MemoryLocation> {
    const image = this.#readable(from, context);
    requireWriter(image, context);
    this.#refuseDuplicate(imageId);
    this.#images.set(imageId, image);
    this.#images.delete(from.path);
    return Promise.resolve(this.locate(imageId));
  }

  readAcls(
    location: MemoryLocation,
    { context }: OperationOptions,
  ): Promise<Acls> {
    return Promise.resolve(this.#readable(location, context).acls);
  }

  writeAcls(
    location: MemoryLocation,
    acls: Acls,
    { context }: OperationOptions,
  ): Promise<void> {
    const image = this.#find(location);
    if (context?.tenant !== undefined && context.tenant !== image.owner) {
      throw new Forbidden("only the image's owner may change its ACLs");
    }
    image.acls = acls;
    return Promise.resolve();
  }

  #find(location: MemoryLocation): MemoryImage {
    const image = this.#images.get(location.path);
    if (image === undefined) throw new NotFound("no such image");
    return image;
  }

  #readable(location: MemoryLocation, context: StoreContext | undefined): MemoryImage {
    const image = this.#find(location);
    if (!mayRead(image, context)) {
      throw new Forbidden(`tenant ${context?.tenant} may not read the image`);
    }
    return image;
  }

  #refuseDuplicate(imageId: string): void {
    if (this.#images.has(imageId)) throw new Duplicate("the image exists already");
  }

  #take(bytes: number): void {
    const { capacity } = this.#options;
    if (capacity !== undefined && this.#used + bytes > capacity) {
      throw new StorageFull(`the store's ${capacity} bytes are used up`);
    }
    this.#used += bytes;
  }
}

/** Copies what an image was stored with, so that no caller shares it. */
function copyProperties({ metadata, ...texts }: ImageProperties): ImageProperties {
  return { ...texts, metadata: metadata && { ...metadata } };
}

function mayRead({ owner, acls }: MemoryImage, context: StoreContext | undefined): boolean {
  const tenant = context?.tenant;
  return tenant === undefined || tenant === owner || acls.public ||
    acls.readTenants.includes("*") || acls.readTenants.includes(tenant);
}

function requireWriter({ owner, acls }: MemoryImage, context: StoreContext | undefined): void {
  const tenant = context?.tenant;
  if (tenant === undefined || tenant === owner || acls.writeTenants.includes(tenant)) return;
  throw new Forbidden(`tenant ${tenant} may not write the image`);
}
