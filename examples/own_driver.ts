/**
 * A driver of your own: images kept as Blobs, in some seventy lines. `Store` does the rest: ids, ranges,
 * digests, sizes, aborts, errors.
 *
 * Run it: `deno run examples/own_driver.ts`
 *
 * @module
 */
import {
  BadStoreUri,
  BitMasks,
  type ByteRange,
  checkImageId,
  type Driver,
  type DriverClass,
  type DriverStat,
  Duplicate,
  entriesBelow,
  type ImageReader,
  type ImageWriter,
  type ListEntry,
  NotFound,
  pastEnd,
  registerDriver,
  splitUri,
  Store,
  StoreLocation,
  type StoreLocationClass,
  streamReader,
} from "@vitrine/vitrine";

/** `shelf://<image id>`, percent-encoded. */
export class ShelfLocation extends StoreLocation {
  readonly scheme = "shelf";
  constructor(readonly path: string) {
    super();
  }
  static parse(uri: string): ShelfLocation {
    const { host, path } = splitUri(uri, ["shelf"]);
    try {
      return new ShelfLocation(checkImageId(decodeURIComponent(host + path)));
    } catch (cause) {
      throw new BadStoreUri(`${uri} names nothing on a shelf`, { cause });
    }
  }
  protected override format(): string {
    return `shelf://${encodeURIComponent(this.path)}`;
  }
}

/** Keeps images as Blobs. */
class ShelfDriver implements Driver<ShelfLocation> {
  /** No two images ever have the same tag, so that a handle notices when another one gets the id. */
  readonly #books = new Map<string, { blob: Blob; etag: string }>();

  locate(imageId: string): ShelfLocation {
    return new ShelfLocation(imageId);
  }
  imageIdAt(location: ShelfLocation): string {
    return location.path;
  }
  openRead(location: ShelfLocation, { offset, length }: ByteRange): Promise<ImageReader> {
    const { blob, etag } = this.#find(location);
    if (offset > blob.size) throw pastEnd(offset, blob.size);
    const part = blob.slice(offset, length === undefined ? blob.size : offset + length);
    const reader = streamReader(part.stream());
    return Promise.resolve({
      size: part.size,
      total: blob.size,
      etag,
      read: (view) => reader.read(view),
      close: (reason) => reader.close(reason),
    });
  }
  statImage(location: ShelfLocation): Promise<DriverStat> {
    const { blob, etag } = this.#find(location);
    return Promise.resolve({ size: blob.size, etag });
  }
  openWrite(imageId: string): Promise<ImageWriter<ShelfLocation>> {
    let blob = new Blob();
    return Promise.resolve({
      location: this.locate(imageId),
      write: (chunk) => {
        blob = new Blob([blob, chunk]);
        return Promise.resolve();
      },
      commit: () => {
        if (this.#books.has(imageId)) throw new Duplicate("it is on the shelf already");
        this.#books.set(imageId, { blob, etag: `"${crypto.randomUUID()}"` });
        return Promise.resolve();
      },
      abort: () => Promise.resolve(),
    });
  }
  deleteImage(location: ShelfLocation): Promise<void> {
    this.#find(location);
    this.#books.delete(location.path);
    return Promise.resolve();
  }
  listImages(directory: string, recursive: boolean): AsyncGenerator<ListEntry> {
    const entries = [...this.#books].map(([path, { blob: { size }, etag }]): ListEntry => {
      return { path, kind: "image", size, etag };
    });
    return entriesBelow(entries, directory, recursive);
  }
  #find(location: ShelfLocation) {
    const book = this.#books.get(location.path);
    if (book === undefined) throw new NotFound("it is not on the shelf");
    return book;
  }
}

/** A store on a shelf. */
export class ShelfStore extends Store<ShelfLocation> {
  static override readonly DRIVER: DriverClass = ShelfDriver;
  static override readonly SCHEMES: readonly string[] = ["shelf"];
  static override readonly CAPABILITIES: number = BitMasks.RW_RANDOM | BitMasks.LIST;
  static override readonly LOCATION: StoreLocationClass<ShelfLocation> = ShelfLocation;
}

// From here on a configuration may say `"driver": "shelf"`.
registerDriver("shelf", () => Promise.resolve(ShelfStore));

if (import.meta.main) {
  await using store = new ShelfStore("books");
  const { location, size, checksum } = await store.add("iso/tiny.iso", new Blob(["hello, world"]));
  console.log(`${location} has ${size} bytes, md5 ${checksum}`);
  const { stream } = await store.get(location, { offset: 7, length: 5 });
  console.log(await new Response(stream).text());
}
