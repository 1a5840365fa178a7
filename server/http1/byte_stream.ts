/**
 * Reading streams into small buffers.
 *
 * @module
 */
import type { Bytes } from "../../streams/mod.ts";

/**
 * Splits a stream into chunks of a bounded size.
 *
 * @param stream The stream. It is cancelled when the generator ends early.
 * @param size Size of a chunk in bytes, at most. A byte stream is read in chunks of this size; the
 * chunks of any other stream are cut.
 * @returns The chunks.
 */
export async function* chunksOf(
  stream: ReadableStream<Bytes>,
  size: number,
): AsyncGenerator<Bytes> {
  const reader = byobReader(stream);
  if (reader === undefined) {
    for await (const chunk of stream) {
      for (let at = 0; at < chunk.length; at += size) yield chunk.subarray(at, at + size);
    }
    return;
  }
  try {
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(size));
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/**
 * Returns a BYOB reader of a stream, which fills the buffers that it is given.
 *
 * @param stream A stream that nobody reads yet.
 * @returns The reader, or `undefined` if the stream is no byte stream.
 */
export function byobReader(
  stream: ReadableStream<Bytes>,
): ReadableStreamBYOBReader | undefined {
  try {
    return stream.getReader({ mode: "byob" });
  } catch {
    return undefined;
  }
}
