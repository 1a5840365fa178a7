/**
 * The byte stream that `get` gives, over a reader.
 *
 * @module
 */
import { type ByteReader, type Bytes, CHUNK_SIZE } from "./bytes.ts";
import { isWorkerd } from "../runtime/mod.ts";

/**
 * A byte stream over a reader: chunks of exactly `chunkSize` bytes (4 MiB) but the last for a default
 * reader, the caller's own buffer for a BYOB reader, nothing read ahead of what is requested.
 * Cancelling it, its end and its failure close the reader. Where the size is known (in bytes), the
 * last chunk's buffer is no larger than it has to be.
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
