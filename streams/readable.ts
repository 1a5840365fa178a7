/**
 * The byte stream that `get` gives, over a reader.
 *
 * @module
 */
import { type ByteReader, type Bytes, CHUNK_SIZE } from "./bytes.ts";

/**
 * A byte stream over a reader: chunks of exactly 4 MiB but the last for a default reader, the
 * caller's own buffer for a BYOB reader, nothing read ahead of what is asked for. Cancelling it, its
 * end and its failure close the reader.
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
export function readableFrom(reader: ByteReader): ReadableStream<Bytes> {
  const source: UnderlyingByteSource = {
    type: "bytes",
    async pull(controller) {
      const request = controller.byobRequest;
      // A fresh buffer each time: the last one belongs to whoever read it.
      const view = (request?.view ?? new Uint8Array(CHUNK_SIZE)) as Bytes;
      let chunk: Bytes;
      try {
        chunk = await reader.read(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
      } catch (error) {
        await reader.close(error).catch(() => {});
        throw error;
      }
      if (chunk.length > 0) {
        if (request) request.respondWithNewView(chunk);
        else controller.enqueue(chunk);
      } else {
        await reader.close();
        controller.close();
        request?.respondWithNewView(chunk);
      }
    },
    cancel: (reason) => reader.close(reason),
  };
  return new ReadableStream(source, { highWaterMark: 0 }) as ReadableStream<Bytes>;
}
