/**
 * What images can be made from, each turned into one pull-based reader.
 *
 * @module
 */
import { Invalid } from "../errors/mod.ts";
import type { ByteReader } from "./bytes.ts";
import { IteratorReader, streamReader } from "./stream_reader.ts";

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
    const bytes = data instanceof Response ? data.body : data;
    if (bytes) await openSource(bytes).reader.close(reason);
  } catch {
    // It has failed by itself, or is somebody else's.
  }
}
