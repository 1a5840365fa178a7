/**
 * An open file of the tree.
 *
 * @module
 */
import type { ImageHandle } from "../store/mod.ts";
import { Invalid } from "../errors/mod.ts";
import type { Bytes } from "../streams/mod.ts";
import type { FileInfo } from "./file_info.ts";

/** From where {@linkcode VfsFile.seek} counts; the values are those of `Deno.SeekMode`. */
export const SeekMode = { Start: 0, Current: 1, End: 2 } as const;

/** What an open file needs of the tree. */
export interface VfsFileSource {
  /** Tells what is known of the file. */
  stat(): Promise<FileInfo>;
  /** Streams the file from a byte on. */
  readable(offset: number): ReadableStream<Bytes>;
}

/**
 * An image that is open for reading, with a position, as `Deno.FsFile`.
 *
 * @example Reading from the middle
 * ```ts
 * import { SeekMode, Vfs } from "@vitrine/vitrine";
 * import { MemoryStore } from "@vitrine/vitrine/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const vfs = new Vfs({ scratch: new MemoryStore("scratch") });
 * await vfs.writeTextFile("/scratch/a.txt", "hello world");
 * await using file = await vfs.open("/scratch/a.txt");
 * await file.seek(-5, SeekMode.End);
 * const buffer = new Uint8Array(5);
 * assertEquals(await file.read(buffer), 5);
 * assertEquals(new TextDecoder().decode(buffer), "world");
 * assertEquals(await file.read(buffer), null);
 * ```
 */
export class VfsFile implements AsyncDisposable {
  readonly #handle: ImageHandle;
  readonly #source: VfsFileSource;
  #position = 0;

  /** Opened by {@linkcode Vfs.open}. */
  constructor(handle: ImageHandle, source: VfsFileSource) {
    this.#handle = handle;
    this.#source = source;
  }

  /** Size of the image in bytes. */
  get size(): number {
    return this.#handle.size;
  }

  /** Reads from the position on, and resolves to the number of bytes, or `null` at the end. */
  async read(buffer: Bytes): Promise<number | null> {
    if (buffer.length === 0) return 0;
    const count = await this.#handle.read(buffer, this.#position);
    this.#position += count;
    return count === 0 ? null : count;
  }

  /** Moves the position and resolves to it, in bytes. Throws `Invalid` before the start. */
  seek(offset: number | bigint, whence: 0 | 1 | 2): Promise<number> {
    const from = whence === SeekMode.Start
      ? 0
      : whence === SeekMode.Current
      ? this.#position
      : this.#handle.size;
    const position = from + Number(offset);
    if (!Number.isSafeInteger(position) || position < 0) {
      return Promise.reject(new Invalid(`there is no byte ${position}`, { operation: "seek" }));
    }
    this.#position = position;
    return Promise.resolve(position);
  }

  /** Tells what is known of the image. */
  stat(): Promise<FileInfo> {
    return this.#source.stat();
  }

  /** A stream of what follows the position, which does not move the position. */
  get readable(): ReadableStream<Bytes> {
    return this.#source.readable(this.#position);
  }

  /** Releases the file. */
  close(): Promise<void> {
    return this.#handle.close();
  }

  /** The same as {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
