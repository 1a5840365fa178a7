/**
 * What images can be made from, each turned into one pull-based reader.
 *
 * @module
 */
import { Invalid } from "../errors/mod.ts";
import type { ByteReader, Bytes } from "./bytes.ts";

/** Data that `add` takes. */
export type ImageData =
  | ReadableStream<Uint8Array>
  | Blob
  | Uint8Array
  | ArrayBuffer
  | Response
  | AsyncIterable<Uint8Array>
  | Iterable<Uint8Array>;

/** A reader over the data, and the size that the data itself declares. */
export interface ImageSource {
  /** The bytes. */
  reader: ByteReader;
  /** Size in bytes, where the data knows it. */
  size: number | undefined;
}

/**
 * Opens data for reading. Throws `Invalid` if it is none of {@linkcode ImageData}, or a response
 * that is not a success.
 *
 * @example Reading a Blob by chunks
 * ```ts
 * import { openSource } from "@vitrine/vitrine";
 * import { assertEquals } from "@std/assert";
 *
 * const { reader, size } = openSource(new Blob(["hello"]));
 * assertEquals(size, 5);
 * assertEquals(await reader.read(new Uint8Array(4)), new TextEncoder().encode("hell"));
 * assertEquals(await reader.read(new Uint8Array(4)), new TextEncoder().encode("o"));
 * ```
 */
export function openSource(data: ImageData): ImageSource {
  if (data instanceof ArrayBuffer) data = new Uint8Array(data);
  if (data instanceof Uint8Array) {
    return { reader: new IteratorReader([data][Symbol.iterator]()), size: data.byteLength };
  }
  if (data instanceof Blob) return { reader: streamReader(data.stream()), size: data.size };
  if (data instanceof ReadableStream) return { reader: streamReader(data), size: undefined };
  if (data instanceof Response) {
    if (!data.ok) throw new Invalid(`the response to store is ${data.status}`);
    const length = data.headers.has("content-encoding") ? null : data.headers.get("content-length");
    return {
      reader: data.body === null
        ? new IteratorReader([][Symbol.iterator]())
        : streamReader(data.body),
      size: data.body === null ? 0 : length === null ? undefined : Number(length),
    };
  }
  if (typeof data === "object" && data !== null) {
    if (Symbol.asyncIterator in data) {
      return { reader: new IteratorReader(data[Symbol.asyncIterator]()), size: undefined };
    }
    if (Symbol.iterator in data) {
      return { reader: new IteratorReader(data[Symbol.iterator]()), size: undefined };
    }
  }
  throw new Invalid("an image is made from a stream, a Blob, bytes, a Response or an iterable");
}

/** Lets go of data that nobody will read. */
export async function discard(data: ImageData, reason: unknown): Promise<void> {
  try {
    await openSource(data).reader.close(reason);
  } catch {
    // It has failed by itself, or is somebody else's.
  }
}

/**
 * A reader over a stream: a BYOB one where the stream has bytes to give, so that nothing is copied.
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

class IteratorReader implements ByteReader {
  readonly #iterator: Iterator<Uint8Array> | AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();
  #done = false;
  constructor(iterator: Iterator<Uint8Array> | AsyncIterator<Uint8Array>) {
    this.#iterator = iterator;
  }

  async read(view: Bytes): Promise<Bytes> {
    let filled = 0;
    while (filled < view.length) {
      if (this.#rest.length === 0) {
        if (this.#done) break;
        const { done, value } = await this.#iterator.next();
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

  async close(reason?: unknown): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    await this.#iterator.return?.(reason);
  }
}
