/**
 * Reads of an image that several stores have: when one store fails, even in mid-stream, the read goes on
 * in the next.
 *
 * @module
 */
import { Invalid } from "../errors/mod.ts";
import type { GetOptions, GetResult, OperationOptions } from "../store/mod.ts";
import type { ByteReader, Bytes, ExpectedDigests } from "../streams/mod.ts";
import { readableFrom } from "../streams/readable.ts";
import { verifyingReader } from "../streams/verify.ts";
import type { FileInfo } from "./file_info.ts";
import type { ImagePlace } from "./copy.ts";

/** The tree, as far as it is needed. */
export interface ReadableTree {
  /** The stores, with their weights. */
  readonly stores: {
    /** Returns how much a store is preferred. */
    getStoreWeight(name: string): number;
  };
  /** Returns the store of a path. */
  imageAt(path: string): ImagePlace;
  /** Reads what is known of an image. */
  stat(path: string, options: OperationOptions): Promise<FileInfo>;
  /** Opens an image. */
  get(path: string, options: GetOptions): Promise<GetResult>;
}

/** Options of {@linkcode readCopies}. */
export interface ReadCopiesOptions extends OperationOptions, Pick<GetOptions, "offset" | "length"> {
  /**
   * Whether the digests that the first store holds are checked on the way. Default: `false`; what another
   * store gives is then trusted to be what it has recorded.
   */
  verify?: boolean | undefined;
  /** Called with each copy that fails, and with each that is passed over because it is another image. */
  onFailure?: ((path: string, reason: unknown) => void) | undefined;
}

/** What {@linkcode readCopies} resolves to. Only one of its stream and its reader may be used. */
export interface CopiesRead {
  /** Number of bytes that the stream gives, where known. */
  size: number | undefined;
  /** The bytes, in chunks of exactly 4 MiB but the last. */
  readonly stream: ReadableStream<Bytes>;
  /** The bytes as a reader, in place of `stream`. */
  reader: ByteReader;
}

/**
 * Opens an image that several stores have. The copy in the store of the highest weight is read first. When
 * its store fails, the read goes on where it was, in the next copy whose store holds the same size and
 * digest. A copy of which no digest is known is read only from the beginning.
 *
 * @param vfs The tree.
 * @param paths The paths of the copies.
 * @param options The range in bytes, whether to verify, what to call with failures, an abort signal.
 * @returns The bytes.
 * @throws {Invalid} If no path is given, or a part of the image is to be verified.
 * @throws {StoreError} If no copy can be opened: the reason of the first.
 */
export async function readCopies(
  vfs: ReadableTree,
  paths: readonly string[],
  options: ReadCopiesOptions = {},
): Promise<CopiesRead> {
  const { offset = 0, length, verify = false } = options;
  if (paths.length === 0) throw new Invalid("there is no copy to read");
  if (verify && (offset > 0 || length !== undefined)) {
    throw new Invalid("digests are those of a whole image, so that a part cannot be verified");
  }
  const weightOf = (path: string) => vfs.stores.getStoreWeight(vfs.imageAt(path).store.name);
  const byWeight = paths.toSorted((a, b) => weightOf(b) - weightOf(a));
  const copies = new Copies(vfs, byWeight, options);
  const { size, info } = await copies.open();
  const expected = digestsOf(info);
  const reader = verify ? await verifyingReader(copies, expected, size) : copies;
  return {
    size,
    reader,
    get stream() {
      return readableFrom(reader, size);
    },
  };
}

function digestsOf({ checksum, multihash }: FileInfo): ExpectedDigests {
  return { checksum, multihash };
}

/** The copies of one image, read as one. */
class Copies implements ByteReader {
  readonly #vfs: ReadableTree;
  readonly #left: string[];
  readonly #options: ReadCopiesOptions;
  #path = "";
  #info: FileInfo | undefined;
  #current: ByteReader | undefined;
  #position: number;
  #end: number | undefined;
  #isClosed = false;

  constructor(vfs: ReadableTree, paths: readonly string[], options: ReadCopiesOptions) {
    this.#vfs = vfs;
    this.#left = [...paths];
    this.#options = options;
    this.#position = options.offset ?? 0;
  }

  /** Opens the first copy that can be opened. */
  async open(): Promise<{ size: number | undefined; info: FileInfo }> {
    const { length } = this.#options;
    const { info, size } = await this.#next(undefined, length);
    this.#info = info;
    if (size !== undefined) this.#end = this.#position + size;
    return { info, size };
  }

  async read(view: Bytes): Promise<Bytes> {
    const { byteOffset, byteLength } = view;
    const { byteLength: room } = view.buffer;
    for (let lent = view;;) {
      try {
        const bytes = await this.#current!.read(lent);
        this.#position += bytes.length;
        return bytes;
      } catch (error) {
        if (this.#isClosed || this.#options.signal?.aborted) throw error;
        await this.#current!.close(error).catch(() => {});
        const length = this.#end === undefined ? undefined : this.#end - this.#position;
        await this.#next({ error }, length);
        // The reader that failed may have transferred the memory that it was lent.
        lent = new Uint8Array(new ArrayBuffer(room), byteOffset, byteLength);
      }
    }
  }

  async close(reason?: unknown): Promise<void> {
    this.#isClosed = true;
    await this.#current?.close(reason);
  }

  /** Opens the next copy at the position of the read. Throws the first failure if there is none. */
  async #next(
    failure: { error: unknown } | undefined,
    length: number | undefined,
  ): Promise<{ info: FileInfo; size: number | undefined }> {
    const { signal, context, onFailure } = this.#options;
    if (failure) onFailure?.(this.#path, failure.error);
    for (;;) {
      const path = this.#left.shift();
      if (path === undefined) throw failure!.error;
      try {
        const info = await this.#vfs.stat(path, { signal, context });
        if (this.#info && !isSame(this.#info, info)) {
          throw new Invalid(`${path} is not known to be the same image`);
        }
        const range = { offset: this.#position, length };
        const { reader, size } = await this.#vfs.get(path, { ...range, signal, context });
        this.#path = path;
        this.#current = reader;
        return { info, size };
      } catch (error) {
        signal?.throwIfAborted();
        onFailure?.(path, error);
        failure ??= { error };
      }
    }
  }
}

/** Returns whether two images have the same size, a digest in common, and none that differs. */
function isSame(a: FileInfo, b: FileInfo): boolean {
  if (a.size === undefined || a.size !== b.size) return false;
  const pairs = [[a.checksum, b.checksum]];
  if (a.multihash?.algo === b.multihash?.algo) pairs.push([a.multihash?.value, b.multihash?.value]);
  const known = pairs.filter(([one, other]) => one !== undefined && other !== undefined);
  return known.length > 0 && known.every(([one, other]) => one === other);
}
