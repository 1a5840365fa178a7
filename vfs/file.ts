/**
 * An open file of the tree.
 *
 * @module
 */
import type { ImageHandle } from "../store/mod.ts";
import { ImageChanged, Invalid } from "../errors/mod.ts";
import type { Bytes } from "../streams/mod.ts";
import { readableFrom } from "../streams/readable.ts";
import type { FileInfo } from "./file_info.ts";

/** From where {@linkcode VfsFile.seek} counts. The values are those of `Deno.SeekMode`. */
export const SeekMode = { Start: 0, Current: 1, End: 2 } as const;

/**
 * An image that is open for reading, with a position, as `Deno.FsFile`.
 *
 * It is pinned to the image that it was opened with. If that is deleted, and another image takes its
 * path, the file goes on with the old image or fails with `ImageChanged`, as its store can.
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
  readonly #stat: () => Promise<FileInfo>;
  #position = 0;
  #isClosed = false;
  #info: FileInfo | undefined;

  /**
   * Wraps an open image. {@linkcode Vfs.open} does it.
   *
   * @param handle Random access to the image. Closing the file closes it.
   * @param stat Reads what is known of the path that the image was opened by.
   */
  constructor(handle: ImageHandle, stat: () => Promise<FileInfo>) {
    this.#handle = handle;
    this.#stat = stat;
  }

  /** Size of the image in bytes. */
  get size(): number {
    return this.#handle.size;
  }

  /**
   * Reads from the position on, and moves the position behind what was read.
   *
   * @param buffer The buffer to fill from its start.
   * @returns The number of bytes read, fewer than the buffer has only at the end; `null` at the end.
   * @throws {ImageChanged} If another image has taken the path.
   * @throws {Invalid} If the file is closed.
   */
  async read(buffer: Bytes): Promise<number | null> {
    this.#requireOpen("read");
    if (buffer.length === 0) return 0;
    const count = await this.#handle.read(buffer, this.#position);
    this.#position += count;
    return count === 0 ? null : count;
  }

  /**
   * Moves the position.
   *
   * @param offset The distance in bytes; negative ones lead towards the start.
   * @param whence From where to count: one of {@linkcode SeekMode}.
   * @returns The new position in bytes. It may lie past the end.
   * @throws {Invalid} If the position would lie before the start, or the file is closed.
   */
  // deno-lint-ignore require-await -- what is wrong rejects, as all else
  async seek(offset: number | bigint, whence: 0 | 1 | 2): Promise<number> {
    this.#requireOpen("seek");
    const from = whence === SeekMode.Start
      ? 0
      : whence === SeekMode.Current
      ? this.#position
      : this.#handle.size;
    const position = from + Number(offset);
    if (!Number.isSafeInteger(position) || position < 0) {
      throw new Invalid(`there is no byte ${position}`, { operation: "seek" });
    }
    return this.#position = position;
  }

  /**
   * Reads what is known of the image.
   *
   * @returns Size, date, ETag and digests, as far as the store knows them.
   * @throws {ImageChanged} If another image has taken the path.
   * @throws {NotFound} If the image has been deleted.
   * @throws {Invalid} If the file is closed.
   */
  async stat(): Promise<FileInfo> {
    this.#requireOpen("stat");
    const info = await this.#stat();
    const before = this.#info ??= info;
    const isOther = (info.size ?? this.size) !== this.size || info.etag !== before.etag ||
      info.mtime?.getTime() !== before.mtime?.getTime();
    if (isOther) {
      throw new ImageChanged("the image was replaced since it was opened", { operation: "stat" });
    }
    return info;
  }

  /**
   * A stream of what follows the position. It does not move the position. It fails with `ImageChanged`
   * if another image has taken the path, and with `Invalid` once the file is closed.
   */
  get readable(): ReadableStream<Bytes> {
    let at = this.#position;
    return readableFrom({
      read: async (view) => {
        this.#requireOpen("read");
        const count = await this.#handle.read(view, at);
        at += count;
        return view.subarray(0, count);
      },
      close: () => Promise.resolve(),
    }, Math.max(0, this.size - at));
  }

  /** Releases the file. A closed file cannot be used any more; closing it again does nothing. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#handle.close();
  }

  /** Does the same as {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #requireOpen(operation: string): void {
    if (this.#isClosed) throw new Invalid("the file is closed", { operation });
  }
}
