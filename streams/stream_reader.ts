/**
 * Readers over streams and iterators.
 *
 * @module
 */
import { Invalid } from "../errors/mod.ts";
import type { ByteReader, Bytes } from "./bytes.ts";

/**
 * Returns a reader over a stream. A byte stream fills the reader's buffers itself, so that nothing is copied.
 *
 * @param stream A stream with chunks of any size. It is locked until the reader is closed.
 * @returns The reader. Closing it cancels the stream.
 * @throws {Invalid} If another reader has locked the stream.
 *
 * @example Reading a stream into one's own buffer
 * ```ts
 * import { streamReader } from "@vitrine/vitrine";
 * import { assertEquals } from "@std/assert";
 *
 * const reader = streamReader(new Blob(["abc"]).stream());
 * assertEquals((await reader.read(new Uint8Array(8))).length, 3);
 * ```
 */
export function streamReader(stream: ReadableStream<Uint8Array>): ByteReader {
  let byob: ReadableStreamBYOBReader;
  try {
    byob = stream.getReader({ mode: "byob" });
  } catch (error) {
    if (stream.locked) throw new Invalid("the stream to store is locked", { cause: error });
    const reader = stream.getReader();
    return new IteratorReader({
      next: () => reader.read() as Promise<IteratorResult<Uint8Array>>,
      return: async (reason?: unknown) => {
        await reader.cancel(reason);
        return { done: true, value: undefined };
      },
    });
  }
  return new ByobReader(byob);
}

class ByobReader implements ByteReader {
  readonly #reader: ReadableStreamBYOBReader;
  constructor(reader: ReadableStreamBYOBReader) {
    this.#reader = reader;
  }

  async read(view: Bytes): Promise<Bytes> {
    const { byteOffset: start, byteLength: length } = view;
    let { buffer } = view;
    let filled = 0;
    // Not `min`: a stream that was closed with fewer bytes queued than `min` fails the read, as the
    // Streams standard has it (ReadableByteStreamControllerPullInto).
    while (filled < length) {
      const wanted = new Uint8Array(buffer, start + filled, length - filled);
      const { done, value } = await this.#reader.read(wanted);
      if (value !== undefined) {
        buffer = value.buffer as ArrayBuffer;
        filled += value.length;
      }
      if (done) break;
    }
    return new Uint8Array(buffer, start, filled);
  }

  async close(reason?: unknown): Promise<void> {
    await this.#reader.cancel(reason);
  }
}

/** A reader over chunks of any size. */
export class IteratorReader implements ByteReader {
  readonly #iterator: Iterator<Uint8Array> | AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();
  #done = false;
  #waiting = false;
  constructor(iterator: Iterator<Uint8Array> | AsyncIterator<Uint8Array>) {
    this.#iterator = iterator;
  }

  async read(view: Bytes): Promise<Bytes> {
    let filled = 0;
    while (filled < view.length) {
      if (this.#rest.length === 0) {
        if (this.#done) break;
        const { done, value } = await this.#next();
        if (done) {
          this.#done = true;
          break;
        }
        if (!(value instanceof Uint8Array)) {
          throw new Invalid("the data to store has a chunk that is no Uint8Array");
        }
        this.#rest = value;
      }
      const piece = this.#rest.subarray(0, view.length - filled);
      view.set(piece, filled);
      filled += piece.length;
      this.#rest = this.#rest.subarray(piece.length);
    }
    return view.subarray(0, filled);
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    this.#waiting = true;
    try {
      return await this.#iterator.next();
    } finally {
      this.#waiting = false;
    }
  }

  async close(reason?: unknown): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    const ended = Promise.resolve(this.#iterator.return?.(reason));
    // A generator ends when it has done what it is at, which may be never.
    if (this.#waiting) ended.catch(() => {});
    else await ended;
  }
}
