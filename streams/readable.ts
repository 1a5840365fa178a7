/**
 * The byte stream that `get` gives, over a reader.
 *
 * @module
 */
import { type ByteReader, type Bytes, CHUNK_SIZE } from "./bytes.ts";
import { isWorkerd } from "../runtime/mod.ts";

/**
 * Returns a byte stream over a reader. A BYOB reader of the stream gets its own buffers back; any other gets
 * chunks of one size, of which only the last may be shorter. Nothing is read before it is requested. The
 * reader is closed when the stream ends, fails or is cancelled.
 *
 * @param reader The reader, which belongs to the stream from now on.
 * @param size The number of bytes that the reader has, if it is known. The buffer of the last chunk is then
 * no larger than it has to be. Default: not known.
 * @param chunkSize The size of a chunk in bytes. Default: 4,194,304.
 * @returns The stream. An error of the reader becomes the error of the stream.
 *
 * @example A stream in exact chunks
 * ```ts
 * import { openSource, readableFrom } from "@vitrine/vitrine";
 * import { assertEquals } from "@std/assert";
 *
 * const stream = readableFrom(openSource(new Blob([new Uint8Array(5_000_000)])).reader);
 * const sizes = [];
 * for await (const chunk of stream) sizes.push(chunk.length);
 * assertEquals(sizes, [4_194_304, 805_696]);
 * ```
 */
export function readableFrom(
  reader: ByteReader,
  size?: number | undefined,
  chunkSize: number = CHUNK_SIZE,
): ReadableStream<Bytes> {
  let remaining = size ?? Infinity;
  const source: UnderlyingByteSource = {
    type: "bytes",
    // workerd would give a default reader buffers of 4 KiB; others leave it to `pull`.
    ...(isWorkerd() ? { autoAllocateChunkSize: Math.min(chunkSize, remaining + 1) } : {}),
    async pull(controller) {
      const request = controller.byobRequest;
      // A fresh buffer each time: the last one belongs to whoever read it. The byte beyond the size
      // shows the end, and data that goes on after it.
      const view = (request?.view ?? new Uint8Array(Math.min(chunkSize, remaining + 1))) as Bytes;
      const { length } = view;
      let chunk: Bytes;
      try {
        chunk = await reader.read(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
      } catch (error) {
        await reader.close(error).catch(() => {});
        throw error;
      }
      remaining -= chunk.length;
      // A BYOB request that is not filled yet can be fulfilled only by another pull.
      const ended = chunk.length === 0 || (!request && chunk.length < length);
      if (chunk.length > 0) {
        if (request) request.respondWithNewView(chunk);
        else controller.enqueue(chunk);
      }
      if (ended) {
        await reader.close();
        controller.close();
        request?.respondWithNewView(chunk);
      }
    },
    cancel: (reason) => reader.close(reason),
  };
  return new ReadableStream(source, { highWaterMark: 0 }) as ReadableStream<Bytes>;
}
