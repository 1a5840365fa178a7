/**
 * The path tree: one tree over all configured stores, with the interface that Deno users know.
 *
 * @module
 */
import type {
  Acls,
  AddOptions,
  AddResult,
  CopyOptions,
  CopyResult,
  GetOptions,
  GetResult,
  ImageRange,
  InspectOptions,
  MoveResult,
  OperationOptions,
  SkippedEntry,
  StatOptions,
  Store,
} from "../store/mod.ts";
import { ImageWritable } from "../store/image_writable.ts";
import {
  BackendException,
  Duplicate,
  Invalid,
  NotFound,
  StoreListNotSupported,
} from "../errors/mod.ts";
import type { ImageInspection } from "../formats/mod.ts";
import type { Location } from "../location/mod.ts";
import { Stores } from "../config/stores.ts";
import type { Bytes, ImageData } from "../streams/mod.ts";
import { discard } from "../streams/source.ts";
import type { CheckTreesOptions } from "./check_trees.ts";
import type { ImagePlace } from "./copy.ts";
import type { CopyTreeOptions } from "./copy_tree.ts";
import { VfsFile } from "./file.ts";
import { checkTreeOptions, setTreePath, withTreePath } from "./errors.ts";
import { DIRECTORY, directoryInfo, dirEntry, fileInfo } from "./file_info.ts";
import type { DirEntry, FileInfo } from "./file_info.ts";
import { Mounts, type StorePlace } from "./mounts.ts";
import { joinPath, parsePath } from "./path.ts";
import type { CopiesRead, ReadCopiesOptions } from "./read_copies.ts";
import type { SyncTreeOptions } from "./sync_tree.ts";
import type { TreeOptions, TreeRoot, TreeSummary } from "./tree_work.ts";
import {
  type GlobOptions,
  joinName,
  type ReadDirOptions,
  type ReadTreeOptions,
  walk,
  type WalkEntry,
  type WalkOptions,
} from "./walk.ts";

/** Options of {@linkcode Vfs}. */
export interface VfsOptions {
  /**
   * Directories that show a store, or a directory of a store, such as
   * `{ "/images/debian": "/mirror/debian" }`. They may be anywhere, `/` included. The deepest one that a
   * path begins with decides. Default: none.
   */
  mounts?: Readonly<Record<string, string>> | undefined;
}

/** Options of {@linkcode Vfs.remove}. */
export interface RemoveOptions extends OperationOptions {
  /** Whether a directory is removed with everything in it. Default: `false`. */
  recursive?: boolean | undefined;
  /**
   * Called with each name in the directory that is passed over: it cannot be read or named. Default:
   * once all the rest has been removed, the reason of the first is thrown.
   */
  onSkipped?: ((skipped: SkippedEntry) => void) | undefined;
}

/**
 * A tree over stores. Every store is a directory of the root, `/<store>/<image id>`; mounts show
 * stores and their directories elsewhere too.
 *
 * A path starts with `/` and is not percent-decoded. Images are written once: writing to a path that
 * exists throws `Duplicate`; to replace an image, remove it first. A directory exists as long as an image
 * is in it; folder markers that other programs left and empty directories of files are directories too.
 * Errors name the path of the
 * tree; errors of streams name the path in the store.
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
 * const images = await Array.fromAsync(vfs.walk("/", { includeDirs: false }));
 * assertEquals(images.map(({ path }) => path), ["/local/iso/a.txt", "/mirror/b.txt"]);
 * ```
 */
export class Vfs implements AsyncDisposable {
  /** The stores of the tree. */
  readonly stores: Stores;
  readonly #mounts: Mounts;

  /**
   * Creates a tree. Nothing is opened yet.
   *
   * @param stores The stores. In a record, the keys are their names in the tree.
   * @param options Where else in the tree stores are shown.
   * @throws {BadStoreConfiguration} If a mount names no store, or a place that is taken.
   */
  constructor(stores: Stores | Readonly<Record<string, Store>>, options: VfsOptions = {}) {
    this.stores = stores instanceof Stores ? stores : new Stores(stores);
    this.#mounts = new Mounts(this.stores.names, options.mounts ?? {});
  }

  /**
   * Returns the store and the image id that a path names, whether the image exists or not.
   *
   * @param path A path from the root of the tree, such as `/local/iso/debian.iso`.
   * @returns The store and the id.
   * @throws {Invalid} If the path is not valid, or can only be a directory.
   * @throws {NotFound} If nothing is mounted there.
   * @throws {StoreError} If the store could not be configured: the reason.
   */
  imageAt(path: string): ImagePlace {
    const { segments, directory } = parsePath(path);
    const place = this.#mounts.find(segments);
    if (directory || this.#mounts.isFixed(segments) || place?.path === "") {
      throw new Invalid("it is a directory", { path });
    }
    return { store: this.#storeOf(place, path), imageId: place!.path };
  }

  /**
   * Returns the location that a path names, whether the image exists or not.
   *
   * @param path A path from the root of the tree, such as `/local/iso/debian.iso`.
   * @param options The caller, and an abort signal.
   * @returns The name of the store, and the place of the image in the terms of its driver.
   * @throws {Invalid} If the path is not valid, or can only be a directory.
   * @throws {NotFound} If nothing is mounted there.
   */
  locate(path: string, options: OperationOptions = {}): Promise<Location> {
    return this.#image(path, ({ store, imageId }) => store.locationOf(imageId, options));
  }

  /**
   * Returns the path that leads to a location.
   *
   * @param location The location of an image, whether it exists or not.
   * @returns The path, or `undefined` if the tree does not show the location.
   */
  pathOf(location: Location): string | undefined {
    const { storeName: store, imageId: path } = location;
    return path === undefined ? undefined : this.#mounts.pathOf({ store, path });
  }

  /**
   * Reads what is known of an image or a directory.
   *
   * @param path The path. With a slash at its end, only a directory counts.
   * @param options Preconditions for an image, the caller, and an abort signal.
   * @returns Size in bytes, date, ETag and digests of an image, as far as its store knows them.
   * @throws {NotFound} If there is nothing at the path.
   * @throws {NotModified} If the caller has this image: `ifNoneMatch` or `ifModifiedSince` does not hold.
   * @throws {PreconditionFailed} If it is another image: `ifMatch` or `ifUnmodifiedSince` does not hold.
   * @throws {Invalid} If there are preconditions for a directory.
   */
  async stat(path: string, options: StatOptions = {}): Promise<FileInfo> {
    await checkTreeOptions("stat", path, options);
    const { segments, directory } = parsePath(path);
    if (this.#mounts.isFixed(segments)) return directoryInfo(path, options);
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
      if (await hasImages(store, imageId, options)) return directoryInfo(path, options);
      throw missing ?? new NotFound("no such directory", { operation: "stat" });
    });
  }

  /**
   * Returns whether there is an image or a directory.
   *
   * @param path Where to look. With a slash at its end, only a directory counts.
   * @param options The caller, and an abort signal.
   * @returns `true` if there is one. A store that cannot be reached is an error, not `false`.
   * @throws {StoreError} If it could not be found out.
   */
  async exists(path: string, options: OperationOptions = {}): Promise<boolean> {
    try {
      await checkTreeOptions("exists", path, options);
      await this.stat(path, options);
      return true;
    } catch (error) {
      if (error instanceof NotFound) return false;
      throw error;
    }
  }

  /**
   * Yields the names in a directory: in the order of names if there is a limit, else in no particular order.
   *
   * @param path The path of the directory.
   * @param options The page, what to call with names that are passed over, a signal and the caller.
   * @returns The entries.
   * @throws {NotFound} If there is no such directory.
   * @throws {StoreListNotSupported} If its store cannot list.
   */
  async *readDir(path: string, options: ReadDirOptions = {}): AsyncGenerator<DirEntry> {
    await checkTreeOptions("readDir", path, options);
    const { startAfter, limit } = options;
    if ((startAfter ?? limit) === undefined) return yield* this.#entries(path, options);
    const { readPage } = await loadTrees();
    yield* readPage((page) => this.#entries(path, { ...options, ...page }), path, options);
  }

  /** Yields the names in a directory, and with a page at least those that belong to it. */
  async *#entries(path: string, options: ReadDirOptions): AsyncGenerator<DirEntry> {
    const { segments } = parsePath(path);
    const fixed = this.#mounts.below(segments);
    for (const name of fixed) yield { name, ...DIRECTORY };
    const place = this.#mounts.find(segments);
    let hasEntries = this.#mounts.isFixed(segments);
    if (place === undefined && hasEntries) return;
    const store = this.#storeOf(place, path);
    const { signal, context, onSkipped, startAfter, limit } = options;
    const listOptions = {
      signal,
      context,
      directory: place!.path,
      startAfter: startAfter && [place!.path, startAfter].filter(Boolean).join("/"),
      // Mount points hide entries of the same name.
      limit: limit && limit + fixed.length,
      onDirectory: () => void (hasEntries = true),
      onSkipped: (skipped: SkippedEntry) => {
        hasEntries = true;
        const name = skipped.path.slice(skipped.path.lastIndexOf("/") + 1);
        onSkipped?.({ path: joinName(joinPath(segments), name), reason: skipped.reason });
      },
    };
    try {
      for await (const entry of store.list(listOptions)) {
        hasEntries = true;
        const shown = dirEntry(entry);
        if (!fixed.includes(shown.name)) yield shown;
      }
      if (!hasEntries) throw new NotFound("no such directory", { operation: "list" });
    } catch (error) {
      throw setTreePath(error, path);
    }
  }

  /**
   * Yields everything below a directory by one recursive listing, where that is the cheapest way. Each
   * directory comes before what it holds.
   *
   * @param path The path of the directory.
   * @param options What to call with names that are passed over, a signal and the caller.
   * @returns The entries, with their paths; `undefined` if the store lists directory by directory, or
   * another store is mounted below the path.
   * @throws {NotFound} If nothing is mounted there.
   */
  readTree(path: string, options: ReadTreeOptions = {}): AsyncGenerator<WalkEntry> | undefined {
    const { segments } = parsePath(path);
    const place = this.#mounts.find(segments);
    if (place === undefined || this.#mounts.below(segments).length > 0) return undefined;
    const store = this.#storeOf(place, path);
    if (!store.listsFlat) return undefined;
    return (async function* () {
      const { listTree } = await loadTrees();
      const entries = listTree(store, place.path, joinPath(segments), options);
      for await (const entry of entries) yield entry;
    })();
  }

  /**
   * Yields a path and everything below it, each directory before what it holds, as `walk` of `@std/fs`
   * does. A directory that vanishes meanwhile has nothing in it; one that cannot be listed does not end
   * the walk.
   *
   * @param path The path to start from.
   * @param options How deep to go, whether directories are yielded, and what to call with what is
   * passed over.
   * @returns The entries, with their paths.
   * @throws {NotFound} If there is nothing at the path.
   */
  walk(path: string, options: WalkOptions = {}): AsyncGenerator<WalkEntry> {
    return walk(this, path, options);
  }

  /**
   * Yields everything whose path a pattern matches. Only directories that can hold a match are listed.
   *
   * `*` and `?` match within a name, `**` across directories; `[a-z]` and `[!a-z]` match one character,
   * `{a,b}` and `{1..9}` stand for several patterns. A backslash takes the meaning of the character
   * behind it: `disk\[1\].iso`. A slash at the end matches only directories.
   *
   * @param pattern The pattern, which starts with `/`.
   * @param options Whether directories are yielded, and what to call with what is passed over.
   * @returns The entries, with their paths; none if nothing matches.
   * @throws {Invalid} If the pattern does not start with `/`, or has an empty, `.` or `..` segment.
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
  async *glob(pattern: string, options: GlobOptions = {}): AsyncGenerator<WalkEntry> {
    yield* (await loadTrees()).glob(this, pattern, options);
  }

  /**
   * Opens an image, or a range of it, for reading. See `Store.get`.
   *
   * @param path The path of the image.
   * @param options The range in bytes, digests to verify, the caller and an abort signal.
   * @returns The stream, with its number of bytes and the size of the whole image in bytes.
   * @throws {NotFound} If there is no such image.
   * @throws {InvalidRange} If the range starts after the end of the image.
   */
  get(path: string, options: GetOptions = {}): Promise<GetResult> {
    return this.#image(path, ({ store, imageId }) => store.get(imageId, options));
  }

  /**
   * Reads ranges of one image into memory, with few requests. See `Store.getRanges`.
   *
   * @param path The path of the image.
   * @param ranges The ranges, in any order: `offset` and `length`, or `suffix`, in bytes.
   * @param options The caller, and an abort signal.
   * @returns The bytes of each range, in the order of `ranges`.
   * @throws {NotFound} If there is no such image.
   * @throws {InvalidRange} If a range begins after the end of the image.
   */
  getRanges(
    path: string,
    ranges: readonly ImageRange[],
    options: OperationOptions = {},
  ): Promise<Bytes[]> {
    return this.#image(path, ({ store, imageId }) => store.getRanges(imageId, ranges, options));
  }

  /**
   * Opens an image that several stores have. The copy in the store of the highest weight is read first.
   * When its store fails, even in mid-stream, the read goes on where it was, in the next copy whose store
   * holds the same size and digest.
   *
   * @param paths The paths of the copies.
   * @param options The range in bytes, whether to verify, what to call with failures, an abort signal.
   * @returns The bytes, and their number.
   * @throws {Invalid} If no path is given, or a part of the image is to be verified.
   * @throws {StoreError} If no copy can be opened: the reason of the first.
   *
   * @example The second of two stores has it
   * ```ts
   * import { Vfs } from "@vitrine/vitrine";
   * import { MemoryStore } from "@vitrine/vitrine/memory";
   * import { assertEquals } from "@std/assert";
   *
   * const vfs = new Vfs({ a: new MemoryStore("a"), b: new MemoryStore("b") });
   * await vfs.writeTextFile("/b/x.raw", "hello");
   * const { stream } = await vfs.getAny(["/a/x.raw", "/b/x.raw"]);
   * assertEquals(await new Response(stream).text(), "hello");
   * ```
   */
  async getAny(paths: readonly string[], options?: ReadCopiesOptions): Promise<CopiesRead> {
    const { readCopies } = await import("./read_copies.ts");
    return await readCopies(this, paths, options);
  }

  /**
   * Recognises an image, measures it and judges whether it is safe. See `Store.inspect`.
   *
   * @param path The path of the image.
   * @param options Whether what the store keeps will do, the caller, and an abort signal.
   * @returns What the image is.
   * @throws {NotFound} If there is no such image.
   */
  inspect(path: string, options: InspectOptions = {}): Promise<ImageInspection> {
    return this.#image(path, ({ store, imageId }) => store.inspect(imageId, options));
  }

  /**
   * Opens an image for reading with a position. See `Store.open`.
   *
   * @param path The path of the image.
   * @param options The caller, and an abort signal.
   * @returns The file, to be closed after use.
   * @throws {NotFound} If there is no such image.
   * @throws {StoreRandomGetNotSupported} If the store cannot read from the middle.
   */
  open(path: string, options: OperationOptions = {}): Promise<VfsFile> {
    return this.#image(path, async ({ store, imageId }) => {
      return new VfsFile(await store.open(imageId, options), () => this.stat(path, options));
    });
  }

  /**
   * Reads an image, or a range of it, into memory.
   *
   * @param path The path of the image.
   * @param options The range in bytes, digests to verify, the caller and an abort signal.
   * @returns All bytes of the image, or of the range.
   * @throws {NotFound} If there is no such image.
   */
  readFile(path: string, options: GetOptions = {}): Promise<Bytes> {
    return this.#image(path, async ({ store, imageId }) => {
      const { stream } = await store.get(imageId, options);
      return await new Response(stream).bytes() as Bytes;
    });
  }

  /**
   * Reads an image of UTF-8 text into memory.
   *
   * @param path The path of the image.
   * @param options The range in bytes, digests to verify, the caller and an abort signal.
   * @returns The text. What is not UTF-8 is replaced by U+FFFD.
   * @throws {NotFound} If there is no such image.
   */
  async readTextFile(path: string, options: GetOptions = {}): Promise<string> {
    return new TextDecoder().decode(await this.readFile(path, options));
  }

  /**
   * Adds an image. It appears whole or not at all. See `Store.add`.
   *
   * @param path The path of the new image.
   * @param data The bytes, in any of the forms of `ImageData`.
   * @param options The size, digests that the data must have, the caller and an abort signal.
   * @returns Location, size in bytes and digests of the image.
   * @throws {Duplicate} If there is an image already: images are never overwritten.
   * @throws {Invalid} If the path can only be a directory.
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

  /**
   * Adds an image of UTF-8 text. See {@linkcode writeFile}.
   *
   * @param path The path of the new image.
   * @param text What the image will hold, encoded as UTF-8 without a byte order mark.
   * @param options As for `writeFile`.
   * @returns Location, size in bytes and digests of the image.
   * @throws {Duplicate} If there is an image already.
   */
  writeTextFile(path: string, text: string, options: AddOptions = {}): Promise<AddResult> {
    return this.writeFile(path, new TextEncoder().encode(text), options);
  }

  /**
   * Returns the stream of an image, which is opened when it is first read.
   *
   * @param path The path of the image.
   * @param options As for `get`.
   * @returns The stream. What `get` would throw is its error.
   * @throws {Invalid} If the path can only be a directory.
   */
  readable(path: string, options: GetOptions = {}): ReadableStream<Bytes> {
    const { store, imageId } = this.imageAt(path);
    return store.readable(imageId, options);
  }

  /**
   * Returns a stream. What is written to it becomes the image when the stream is closed.
   *
   * @param path The path of the new image.
   * @param options As for `writeFile`.
   * @returns The stream, whose `result` is what `writeFile` resolves to.
   * @throws {Invalid} If the path can only be a directory.
   */
  writable(path: string, options: AddOptions = {}): ImageWritable {
    this.imageAt(path);
    return new ImageWritable((data) => this.writeFile(path, data, options));
  }

  /**
   * Copies an image: by the backend itself inside a store that can, else as a stream in bounded
   * memory. Digests that the source's store holds are checked before the copy appears.
   *
   * @param from The path of the image.
   * @param to The path of the copy.
   * @param options Whether to verify, the caller and an abort signal.
   * @returns Where the copy is, and its digests where they were computed on the way.
   * @throws {NotFound} If there is no such image.
   * @throws {Duplicate} If there is an image at the second path.
   * @throws {ChecksumMismatch} If the data does not have the digests of the source's store.
   * @throws {ImageChanged} If the image was replaced while it was being copied.
   */
  async copyFile(from: string, to: string, options: CopyOptions = {}): Promise<CopyResult> {
    await checkTreeOptions("copy", `${from} to ${to}`, options);
    const [source, target] = [this.imageAt(from), this.imageAt(to)];
    return await withTreePath(`${from} to ${to}`, async () => {
      return await (await import("./copy.ts")).copyImage(source, target, options);
    });
  }

  /**
   * Moves an image. Across stores that is a copy, checked by size and digest, and then a removal. There
   * is a whole image at one of the paths at any time; a failure leaves it where it was.
   *
   * @param from The path of the image.
   * @param to The path that it will have.
   * @param options Whether to verify, the caller and an abort signal.
   * @returns What the second store could not keep.
   * @throws {NotFound} If there is no such image.
   * @throws {Duplicate} If there is an image at the second path.
   * @throws {Invalid} If neither size nor digest of the image is known, so that no copy can be checked.
   * @throws {StoreDeleteNotSupported} If the first store cannot delete; nothing has been copied then.
   */
  async rename(from: string, to: string, options: CopyOptions = {}): Promise<MoveResult> {
    await checkTreeOptions("move", `${from} to ${to}`, options);
    const [source, target] = [this.imageAt(from), this.imageAt(to)];
    return await withTreePath(`${from} to ${to}`, async () => {
      return await (await import("./copy.ts")).moveImage(source, target, options);
    });
  }

  /**
   * Copies every image below a directory, several at the same time. An image that cannot be copied does
   * not end the rest. All operations on trees share a budget of 512 MiB of memory.
   *
   * @param from The path of the directory.
   * @param to The path of the directory that the copies will be in. If there are several, each image is read
   * and digested once, and each store takes it at its own pace.
   * @param options How many at the same time, and what is called with progress and outcomes.
   * @returns How many images became what. An image that one of several stores refuses has failed, and is in
   * the others.
   * @throws {NotFound} If there is nothing at the path.
   * @throws {Invalid} If one path is in the other.
   *
   * @example Copy a directory to another store
   * ```ts
   * import { Vfs } from "@vitrine/vitrine";
   * import { MemoryStore } from "@vitrine/vitrine/memory";
   * import { assertEquals } from "@std/assert";
   *
   * const vfs = new Vfs({ local: new MemoryStore("local"), mirror: new MemoryStore("mirror") });
   * await vfs.writeTextFile("/local/iso/a.txt", "hello");
   * const { states } = await vfs.copyTree("/local/iso", "/mirror/iso", { concurrency: 4 });
   * assertEquals(states, { copied: 1 });
   * ```
   */
  async copyTree(
    from: string,
    to: string | readonly string[],
    options: CopyTreeOptions = {},
  ): Promise<TreeSummary> {
    const targets = [to].flat().map((path) => this.#root(path));
    return (await loadTrees()).copyTree(this.#root(from), targets, options);
  }

  /**
   * Moves every image below a directory, several at the same time. See {@linkcode rename}.
   *
   * @param from The path of the directory.
   * @param to The path of the directory that the images will be in.
   * @param options How many at the same time, and what is called with progress and outcomes.
   * @returns How many images became what.
   * @throws {NotFound} If there is nothing at the path.
   * @throws {Invalid} If one path is in the other.
   */
  async moveTree(from: string, to: string, options: TreeOptions = {}): Promise<TreeSummary> {
    return (await loadTrees()).moveTree(this.#root(from), this.#root(to), options);
  }

  /**
   * Removes every image below a directory, several at the same time, and says what became of each.
   * {@linkcode remove} with `recursive` is faster where a backend deletes many at once.
   *
   * @param path The path of the directory.
   * @param options How many at the same time, and what is called with progress and outcomes.
   * @returns How many images were removed.
   * @throws {NotFound} If there is nothing at the path.
   */
  async removeTree(path: string, options: TreeOptions = {}): Promise<TreeSummary> {
    const { removeTree } = await import("./copy_tree.ts");
    return await removeTree({ vfs: this, path }, options);
  }

  /**
   * Reads every image below a directory whole, several at the same time, and compares its digests with
   * those that its store holds.
   *
   * @param path The path of the directory.
   * @param options How many at the same time, and what is called with progress and outcomes.
   * @returns How many images were verified, and of how many no digest is known.
   * @throws {NotFound} If there is nothing at the path.
   */
  async verifyTree(path: string, options: TreeOptions = {}): Promise<TreeSummary> {
    const { verifyTree } = await import("./copy_tree.ts");
    return await verifyTree({ vfs: this, path }, options);
  }

  /**
   * Makes a directory like another. Nothing is overwritten and nothing is deleted by default: what is
   * missing is copied, what has the same size and digest is left out, or the same size and no older date
   * where no digest is known. What differs is reported, and with `replace` replaced.
   *
   * @param from The path of the directory that is to be had.
   * @param to The path of the directory that becomes like it.
   * @param options What is replaced and deleted, and how many images at the same time.
   * @returns How many images became what.
   * @throws {NotFound} If there is nothing at the first path.
   * @throws {Invalid} If one path is in the other, or names an image.
   *
   * @example Copy what is missing
   * ```ts
   * import { Vfs } from "@vitrine/vitrine";
   * import { MemoryStore } from "@vitrine/vitrine/memory";
   * import { assertEquals } from "@std/assert";
   *
   * const vfs = new Vfs({ local: new MemoryStore("local"), mirror: new MemoryStore("mirror") });
   * await vfs.writeTextFile("/local/a.txt", "hello");
   * assertEquals((await vfs.syncTree("/local", "/mirror")).states, { copied: 1 });
   * assertEquals((await vfs.syncTree("/local", "/mirror")).states, { same: 1 });
   * ```
   */
  async syncTree(from: string, to: string, options: SyncTreeOptions = {}): Promise<TreeSummary> {
    return (await loadTrees()).syncTree(this.#root(from), this.#root(to), options);
  }

  /**
   * Compares two directories by sizes and digests.
   *
   * @param a The path of the one.
   * @param b The path of the other.
   * @param options Whether digests are computed, and how many images at the same time.
   * @returns How many images are the `same`, `differs`, are `missing` in the second directory, `extra` in it,
   * or `unknown` because no digest says more than the size.
   * @throws {NotFound} If there is nothing at the first path.
   */
  async checkTrees(a: string, b: string, options: CheckTreesOptions = {}): Promise<TreeSummary> {
    return (await loadTrees()).checkTrees(this.#root(a), this.#root(b), options);
  }

  /**
   * Removes an image. With `recursive`, it also removes every image in the directory of that path, and
   * what the backend keeps of the directory itself.
   *
   * @param path The path. Stores, mount points and directories with a mount point in them are not
   * removed.
   * @param options Whether directories are removed too, and what to call with what cannot be removed.
   * @throws {NotFound} If there is nothing at the path.
   * @throws {Invalid} If the path names a directory and `recursive` is not set, or names a mount point.
   * @throws {StoreDeleteNotSupported} If the store cannot delete. `Store.delete` lists further errors.
   */
  async remove(path: string, options: RemoveOptions = {}): Promise<void> {
    await checkTreeOptions("remove", path, options);
    const { segments } = parsePath(path);
    if (this.#mounts.isFixed(segments)) {
      throw new Invalid("a store or a mount point cannot be removed", {
        operation: "remove",
        path,
      });
    }
    const { signal, context } = options;
    const { isFile } = await this.stat(path, { signal, context }).catch((error) => {
      // An image that is not whole can be removed.
      if (error instanceof BackendException) return { isFile: true };
      throw error;
    });
    const place = this.#mounts.find(segments);
    const store = this.#storeOf(place, path);
    await withTreePath(path, async () => {
      if (options.recursive) {
        const base = joinPath(segments);
        const { length } = place!.path;
        return await removeBelow(store, place!.path, isFile, {
          ...options,
          onSkipped: options.onSkipped && (({ path, reason }) => {
            options.onSkipped!({ path: base + path.slice(length), reason });
          }),
        });
      }
      if (!isFile) {
        throw new Invalid("it is a directory, removed only with `recursive`", {
          operation: "remove",
        });
      }
      await store.delete(place!.path, { signal, context });
    });
  }

  /**
   * Checks that a directory could be at a path. It creates none: a directory exists as long as an image
   * is in it.
   *
   * @param path Where the directory would be.
   * @param options The caller, and an abort signal.
   * @throws {Duplicate} If an image has that path.
   * @throws {NotFound} If nothing is mounted there.
   */
  async mkdir(path: string, options: OperationOptions = {}): Promise<void> {
    await checkTreeOptions("mkdir", path, options);
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

  /**
   * Reads who may do what with an image. See `Store.getAcls`.
   *
   * @param path The path of the image.
   * @param options The caller, and an abort signal.
   * @returns Who may read and write.
   * @throws {StoreAclsNotSupported} If the store has no ACLs.
   */
  getAcls(path: string, options: OperationOptions = {}): Promise<Acls> {
    return this.#image(path, ({ store, imageId }) => store.getAcls(imageId, options));
  }

  /**
   * Replaces who may do what with an image. See `Store.setAcls`.
   *
   * @param path The path of the image.
   * @param acls Who may read and write. What is left out is denied.
   * @param options The caller, and an abort signal.
   * @throws {StoreAclsNotSupported} If the store has no ACLs, or cannot express these.
   */
  setAcls(path: string, acls: Partial<Acls>, options: OperationOptions = {}): Promise<void> {
    return this.#image(path, ({ store, imageId }) => store.setAcls(imageId, acls, options));
  }

  /** Closes the stores. */
  close(): Promise<void> {
    return this.stores.close();
  }

  /** Does the same as {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #image<T>(path: string, body: (place: ImagePlace) => Promise<T>): Promise<T> {
    const place = this.imageAt(path);
    return await withTreePath(path, () => body(place));
  }

  #root(path: string): TreeRoot {
    return { vfs: this, path };
  }

  #storeOf(place: StorePlace | undefined, path: string): Store {
    if (place === undefined) {
      const names = this.stores.names.join(", ") || "none";
      throw new NotFound(`nothing is mounted there; the stores are: ${names}`, { path });
    }
    return this.stores.getStoreFromStoreIdentifier(place.store);
  }
}

/** Loads the operations on whole trees. */
function loadTrees(): Promise<typeof import("./trees.ts")> {
  return import("./trees.ts");
}

/** Returns whether a directory of a store has anything in it, also what only a listing can see. */
async function hasImages(
  store: Store,
  directory: string,
  options: OperationOptions,
): Promise<boolean> {
  let isEmpty = true;
  const { signal, context } = options;
  const onEntry = () => void (isEmpty = false);
  const listOptions = { signal, context, directory, onSkipped: onEntry, onDirectory: onEntry };
  try {
    for await (const _ of store.list(listOptions)) return true;
  } catch (error) {
    if (!(error instanceof StoreListNotSupported)) throw error;
  }
  return !isEmpty;
}

/** How many images of a directory are removed by one call, which returns what became of each. */
const REMOVED_AT_ONCE = 1_000;

/** Removes what is in a directory, and the image of that path where there is one. */
async function removeBelow(
  store: Store,
  directory: string,
  hasImage: boolean,
  { signal, context, onSkipped }: RemoveOptions,
): Promise<void> {
  let failure: Error | undefined;
  const directories = new Set<string>();
  const listOptions = {
    signal,
    context,
    directory,
    recursive: true,
    onDirectory: (directory: string) => void directories.add(directory),
    onSkipped: (skipped: SkippedEntry) => {
      if (onSkipped) onSkipped(skipped);
      else failure ??= skipped.reason;
    },
  };
  const imageIds = async function* () {
    try {
      for await (const { path } of store.list(listOptions)) yield path;
    } catch (error) {
      // A store that cannot list has no directories.
      if (!hasImage || !(error instanceof StoreListNotSupported)) throw error;
    }
    if (hasImage) yield directory;
  };
  let batch: string[] = [];
  const flush = async () => {
    await store.deleteMany(batch, { signal, context });
    batch = [];
  };
  for await (const imageId of imageIds()) {
    if (batch.push(imageId) === REMOVED_AT_ONCE) await flush();
  }
  if (batch.length > 0) await flush();
  // The deepest first, as a directory of files goes only once it is empty.
  const depth = (path: string) => path.split("/").length;
  for (const path of [...directories].sort((a, b) => depth(b) - depth(a))) {
    await store.removeDirectory(path, { signal, context });
  }
  if (failure) throw failure;
}
