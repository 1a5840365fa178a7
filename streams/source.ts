/**
 * The kinds of data that images can be made from, each turned into one reader.
 *
 * @module
 */
import { Invalid } from "../errors/mod.ts";
import type { ByteReader, Bytes } from "./bytes.ts";
import { parseCount } from "./encoding.ts";
import { passDigests } from "./shared_digests.ts";
import { IteratorReader, streamReader } from "./stream_reader.ts";

/** The kinds of data that `add` accepts. */
export type ImageData =
  | ReadableStream<Uint8Array>
  | Blob
  | Uint8Array
  | ArrayBuffer
  | Response
  | ByteReader
  | AsyncIterable<Uint8Array>
  | Iterable<Uint8Array>;

/** A reader of the data, and the size that the data itself declares. */
export interface ImageSource {
  /** The bytes. */
  reader: ByteReader;
  /** Size in bytes, if the data knows it. */
  size: number | undefined;
}

/**
 * Opens data for reading. Nothing is read yet.
 *
 * @param data The data. The returned reader owns it: closing the reader cancels a stream, ends an
 * iterator and closes a reader.
 * @returns The reader, and the size that a `Blob`, bytes, a `Content-Length` or the `size` of a reader
 * declare.
 * @throws {Invalid} If the data is of none of these kinds, is a response that is not a success, or is a
 * stream that is locked.
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
  if (data instanceof Response) return openResponse(data);
  if (typeof data === "object" && data !== null) {
    if (Symbol.asyncIterator in data) {
      return { reader: new IteratorReader(data[Symbol.asyncIterator]()), size: undefined };
    }
    if (Symbol.iterator in data) {
      return { reader: new IteratorReader(data[Symbol.iterator]()), size: undefined };
    }
    if (typeof data.read === "function" && typeof data.close === "function") {
      const { size } = data as { size?: unknown };
      const reader = fillingReader(data);
      passDigests(data, reader);
      return { reader, size: parseCount(size) };
    }
  }
  throw new Invalid(
    "an image is made from a stream, a Blob, bytes, a Response, a ByteReader or an iterable",
  );
}

function openResponse(response: Response): ImageSource {
  const { ok, status, headers, body } = response;
  if (!ok) throw new Invalid(`the response to store has status ${status}`);
  if (body === null) return { reader: new IteratorReader([][Symbol.iterator]()), size: 0 };
  const length = headers.has("content-encoding") ? null : headers.get("content-length");
  return { reader: streamReader(body), size: parseCount(length) };
}

/**
 * Returns a reader that fills each view from a reader of somebody else, who may return fewer bytes before
 * the end: taken for the end, that would cut the image short.
 */
function fillingReader(reader: ByteReader): ByteReader {
  let isAtEnd = false;
  return {
    async read(view) {
      const { byteOffset: start, byteLength: wanted } = view;
      let { buffer } = view;
      let filled = 0;
      while (filled < wanted && !isAtEnd) {
        const rest = new Uint8Array(buffer, start + filled, wanted - filled);
        const piece: unknown = await reader.read(rest);
        if (!(piece instanceof Uint8Array)) {
          throw new Invalid("`read` of a ByteReader resolves to the bytes; pass `file.readable`");
        }
        ({ buffer } = piece as Bytes);
        filled += piece.length;
        isAtEnd = piece.length === 0;
      }
      return new Uint8Array(buffer, start, filled);
    },
    close: (reason) => reader.close(reason),
  };
}

/**
 * Closes data that will not be read. Errors are ignored: the data may have failed on its own, or be in
 * use by somebody else.
 *
 * @param data The data.
 * @param reason Why it is not read.
 */
export async function discard(data: ImageData, reason: unknown): Promise<void> {
  try {
    const bytes = data instanceof Response ? data.body : data;
    if (bytes) await openSource(bytes).reader.close(reason);
  } catch {
    // See above.
  }
}
