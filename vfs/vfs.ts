/**
 * The path tree: one tree over all configured stores, with the interface that Deno users know.
 *
 * @module
 */
import type {
  Acls,
  AddOptions,
  AddResult,
  CopyResult,
  GetOptions,
  GetResult,
  OperationOptions,
  Store,
} from "../store/mod.ts";
import { ImageWritable } from "../store/image_writable.ts";
import { Duplicate, Invalid, NotFound, StoreListNotSupported } from "../errors/mod.ts";
import type { Location } from "../location/mod.ts";
import { Stores } from "../config/stores.ts";
import type { Bytes, ImageData } from "../streams/mod.ts";
import { discard } from "../streams/source.ts";
import { copyImage, type CopyOptions, type ImagePlace, moveImage } from "./copy.ts";
import { VfsFile } from "./file.ts";
import { setTreePath, withTreePath } from "./errors.ts";
import { DIRECTORY, type DirEntry, dirEntry, type FileInfo, fileInfo } from "./file_info.ts";
import { Mounts, type StorePlace } from "./mounts.ts";
import { parsePath } from "./path.ts";
import { glob, type GlobOptions, walk, type WalkEntry, type WalkOptions } from "./walk.ts";

/** Options of {@linkcode Vfs}. */
export interface VfsOptions {
  /**
   * Directories that show a store, or a directory of a store: `{ "/images/debian": "/mirror/debian" }`.
   * They may be anywhere, `/` included; the deepest one that begins a path holds it.
   */
  mounts?: Readonly<Record<string, string>> | undefined;
}

/** Options of {@linkcode Vfs.remove}. */
export interface RemoveOptions extends OperationOptions {
  /** Whether a directory is removed with everything in it. */
  recursive?: boolean | undefined;
}

/**
 * A tree over stores. Every store is a directory of the root, `/<store>/<image id>`; mounts show
 * stores and their directories elsewhere too.
 *
 * A path starts with `/`; it is taken as it is, without percent-decoding. Images are write-once:
 * what writes to a path that exists throws `Duplicate`, and to replace an image is to remove it
 * first. Stores have no directories of their own: a directory is there as long as an image is in
 * it. Errors name the path of the tree; those of streams that are read name the path in the store.
 *
 * @example One tree over two stores
 * ```ts
 * import { Vfs } from "@vitrine/vitrine";
 * import { MemoryStore } from "@vitrine/vitrine/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const vfs = new Vfs({ local: new MemoryStore("local"), mirror: new MemoryStore("mirror") });
 * await vfs.writeTextFile("/local/iso/a.txt", "hello");
 * await vfs.copyFile("/local/iso/a.txt", "/mirror/b.txt");
 * assertEquals(await vfs.readTextFile("/mirror/b.txt"), "hello");
 * const paths = (await Array.fromAsync(vfs.walk("/"))).map(({ path }) => path);
 * assertEquals(paths, ["/local", "/local/iso", "/local/iso/a.txt", "/mirror", "/mirror/b.txt"]);
 * ```
 */
export class Vfs implements AsyncDisposable {
  /** The stores of the tree. */
  readonly stores: Stores;
  readonly #mounts: Mounts;

  /** Throws `BadStoreConfiguration` for a mount that leads nowhere. */
  constructor(stores: Stores | Readonly<Record<string, Store>>, options: VfsOptions = {}) {
    this.stores = stores instanceof Stores ? stores : new Stores(stores);
    this.#mounts = new Mounts(this.stores.names, options.mounts ?? {});
  }

  /**
   * The store and the id that a path names, whether the image exists or not. Throws `Invalid` if it
   * can only be a directory, `NotFound` if nothing is mounted there, and why its store cannot be used.
   */
  imageAt(path: string): ImagePlace {
    const { segments, directory } = parsePath(path);
    const place = this.#mounts.find(segments);
    if (directory || this.#mounts.isFixed(segments) || place?.path === "") {
      throw new Invalid("it is a directory", { path });
    }
    return { store: this.#storeOf(place, path), imageId: place!.path };
  }

  /** The location that a path names, whether the image exists or not. Throws as {@linkcode imageAt}. */
  locate(path: string, options: OperationOptions = {}): Promise<Location> {
    return this.#image(path, ({ store, imageId }) => store.locationOf(imageId, options));
  }

  /** The path that leads to a location, or `undefined` where the tree does not show it. */
  pathOf(location: Location): string | undefined {
    const { storeName: store, imageId: path } = location;
    return path === undefined ? undefined : this.#mounts.pathOf({ store, path });
  }

  /** Tells what is known of an image or a directory. Throws `NotFound`. */
  async stat(path: string, options: OperationOptions = {}): Promise<FileInfo> {
    const { segments, directory } = parsePath(path);
    if (this.#mounts.isFixed(segments)) return DIRECTORY;
    const place = this.#mounts.find(segments);
    const store = this.#storeOf(place, path);
    const imageId = place!.path;
    return await withTreePath(path, async () => {
      let missing: unknown;
      if (!directory) {
        try {
          return fileInfo(await store.stat(imageId, options));
        } catch (error) {
          if (!(error instanceof NotFound)) throw error;
          missing = error;
        }
      }
      if (await hasImages(store, imageId, options)) return DIRECTORY;
      throw missing ?? new NotFound("no such directory", { operation: "stat" });
    });
  }

  /** Whether there is an image or a directory. */
  async exists(path: string, options: OperationOptions = {}): Promise<boolean> {
    try {
      await this.stat(path, options);
      return true;
    } catch (error) {
      if (error instanceof NotFound) return false;
      throw error;
    }
  }

  /** The names in a directory, in no particular order. Throws `NotFound`. */
  async *readDir(path: string, options: OperationOptions = {}): AsyncGenerator<DirEntry> {
    const { segments } = parsePath(path);
    const fixed = this.#mounts.below(segments);
    for (const name of fixed) yield { name, ...DIRECTORY };
    const place = this.#mounts.find(segments);
    let found = this.#mounts.isFixed(segments);
    if (place !== undefined || !found) {
      const store = this.#storeOf(place, path);
      try {
        for await (const entry of store.list({ ...options, directory: place!.path })) {
          found = true;
          const shown = dirEntry(entry);
          if (!fixed.includes(shown.name)) yield shown;
        }
        if (!found) throw new NotFound("no such directory", { operation: "list" });
      } catch (error) {
        throw setTreePath(error, path);
      }
    }
  }

  /** Everything below a directory, each directory before what it holds. Throws `NotFound`. */
  walk(path: string, options: WalkOptions = {}): AsyncGenerator<WalkEntry> {
    return walk(this, path, options);
  }

  /**
   * Everything whose path a pattern matches: `*` and `?` within a name, `**` across directories,
   * `[a-z]`, `{a,b}`.
   *
   * @example All ISO images
   * ```ts
   * import { Vfs } from "@vitrine/vitrine";
   * import { MemoryStore } from "@vitrine/vitrine/memory";
   * import { assertEquals } from "@std/assert";
   *
   * const vfs = new Vfs({ local: new MemoryStore("local") });
   * await vfs.writeFile("/local/debian/12.iso", new Uint8Array(1));
   * await vfs.writeFile("/local/debian/12.txt", new Uint8Array(1));
   * const found = await Array.fromAsync(vfs.glob("/local/debian/*.iso"));
   * assertEquals(found.map(({ path }) => path), ["/local/debian/12.iso"]);
   * ```
   */
  glob(pattern: string, options: GlobOptions = {}): AsyncGenerator<WalkEntry> {
    return glob(this, pattern, options);
  }

  /** Opens an image, or a range of it, for reading. See `Store.get`. */
  get(path: string, options: GetOptions = {}): Promise<GetResult> {
    return this.#image(path, ({ store, imageId }) => store.get(imageId, options));
  }

  /** Opens an image for reading with a position. See `Store.open`. */
  open(path: string, options: OperationOptions = {}): Promise<VfsFile> {
    return this.#image(path, async ({ store, imageId }) => {
      return new VfsFile(await store.open(imageId, options), {
        stat: () => this.stat(path, options),
        readable: (offset) => store.readable(imageId, { ...options, offset }),
      });
    });
  }

  /** Reads an image, or a range of it, into memory. */
  readFile(path: string, options: GetOptions = {}): Promise<Bytes> {
    return this.#image(path, async ({ store, imageId }) => {
      const { stream } = await store.get(imageId, options);
      return await new Response(stream).bytes() as Bytes;
    });
  }

  /** Reads an image of UTF-8 text into memory. */
  async readTextFile(path: string, options: GetOptions = {}): Promise<string> {
    return new TextDecoder().decode(await this.readFile(path, options));
  }

  /**
   * Adds an image. It appears whole or not at all. Throws `Duplicate` if there is one: images are
   * never overwritten. See `Store.add`.
   */
  async writeFile(path: string, data: ImageData, options: AddOptions = {}): Promise<AddResult> {
    let place: ImagePlace;
    try {
      place = this.imageAt(path);
    } catch (error) {
      await discard(data, error);
      throw error;
    }
    return await withTreePath(path, () => place.store.add(place.imageId, data, options));
  }

  /** Adds an image of UTF-8 text. See {@linkcode writeFile}. */
  writeTextFile(path: string, text: string, options: AddOptions = {}): Promise<AddResult> {
    return this.writeFile(path, new TextEncoder().encode(text), options);
  }

  /** The stream of an image, opened when it is first read. */
  readable(path: string, options: GetOptions = {}): ReadableStream<Bytes> {
    const { store, imageId } = this.imageAt(path);
    return store.readable(imageId, options);
  }

  /** A stream that adds what is written to it: the image appears when it is closed. */
  writable(path: string, options: AddOptions = {}): ImageWritable {
    this.imageAt(path);
    return new ImageWritable((data) => this.writeFile(path, data, options));
  }

  /**
   * Copies an image: by the backend itself inside a store that can, else as a stream in bounded
   * memory. Digests that the source's store holds are checked before the copy appears.
   *
   * Throws `NotFound`, `Duplicate`, `ChecksumMismatch`, `ImageChanged` and what `Store.add` throws.
   */
  async copyFile(from: string, to: string, options: CopyOptions = {}): Promise<CopyResult> {
    const [source, target] = [this.imageAt(from), this.imageAt(to)];
    return await withTreePath(`${from} to ${to}`, () => copyImage(source, target, options));
  }

  /**
   * Moves an image. Across stores that is a copy, checked by size and digest, and then a removal: the
   * image is never without a whole copy, and a failure in between leaves it where it was.
   *
   * Throws what {@linkcode copyFile} throws, `Invalid` if neither size nor digest is known, and
   * `StoreDeleteNotSupported`, before anything is copied, if the first store cannot delete.
   */
  async rename(from: string, to: string, options: CopyOptions = {}): Promise<void> {
    const [source, target] = [this.imageAt(from), this.imageAt(to)];
    await withTreePath(`${from} to ${to}`, () => moveImage(source, target, options));
  }

  /**
   * Removes an image, or with `recursive` every image in a directory. Stores and mount points, and
   * directories with a mount point in them, are not removed.
   *
   * Throws `NotFound`, `Invalid` for a directory without `recursive`, and what `Store.delete` throws.
   */
  async remove(path: string, options: RemoveOptions = {}): Promise<void> {
    const { segments } = parsePath(path);
    if (this.#mounts.isFixed(segments)) {
      throw new Invalid("a store or a mount point cannot be removed", {
        operation: "remove",
        path,
      });
    }
    const { isFile } = await this.stat(path, options);
    const place = this.#mounts.find(segments);
    const store = this.#storeOf(place, path);
    await withTreePath(path, async () => {
      if (isFile) return await store.delete(place!.path, options);
      if (!options.recursive) {
        throw new Invalid("it is a directory, removed only with `recursive`", {
          operation: "remove",
        });
      }
      const { signal, context } = options;
      const below = store.list({ directory: place!.path, recursive: true, signal, context });
      const imageIds = async function* () {
        for await (const { path: imageId } of below) yield imageId;
      };
      await store.deleteMany(imageIds(), { signal, context });
    });
  }

  /**
   * Checks that a directory could be at a path. It makes none: a directory is there as long as an
   * image is in it.
   *
   * Throws `Duplicate` if an image has that path, and `NotFound` if nothing is mounted there.
   */
  async mkdir(path: string, options: OperationOptions = {}): Promise<void> {
    const { segments } = parsePath(path);
    const place = this.#mounts.find(segments);
    if (this.#mounts.isFixed(segments)) return;
    const store = this.#storeOf(place, path);
    await withTreePath(path, async () => {
      await store.stat(place!.path, options).then(
        () => {
          throw new Duplicate("an image is there", { operation: "mkdir" });
        },
        (error) => {
          if (!(error instanceof NotFound)) throw error;
        },
      );
    });
  }

  /** Who may do what with an image. See `Store.getAcls`. */
  getAcls(path: string, options: OperationOptions = {}): Promise<Acls> {
    return this.#image(path, ({ store, imageId }) => store.getAcls(imageId, options));
  }

  /** Replaces who may do what with an image. See `Store.setAcls`. */
  setAcls(path: string, acls: Partial<Acls>, options: OperationOptions = {}): Promise<void> {
    return this.#image(path, ({ store, imageId }) => store.setAcls(imageId, acls, options));
  }

  /** Closes the stores. */
  close(): Promise<void> {
    return this.stores.close();
  }

  /** The same as {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #image<T>(path: string, body: (place: ImagePlace) => Promise<T>): Promise<T> {
    const place = this.imageAt(path);
    return await withTreePath(path, () => body(place));
  }

  #storeOf(place: StorePlace | undefined, path: string): Store {
    if (place === undefined) throw new NotFound("nothing is mounted there", { path });
    return this.stores.getStoreFromStoreIdentifier(place.store);
  }
}

/** Whether a directory of a store holds images. */
async function hasImages(
  store: Store,
  directory: string,
  options: OperationOptions,
): Promise<boolean> {
  try {
    for await (const _ of store.list({ ...options, directory })) return true;
  } catch (error) {
    if (!(error instanceof StoreListNotSupported)) throw error;
  }
  return false;
}
