/**
 * Reads the streams of the benches to their end.
 *
 * @module
 */
import { CHUNK_SIZE } from "../streams/bytes.ts";

/** Reads a stream to its end by a default reader, and resolves to how many bytes it had. */
export async function drain(stream: ReadableStream<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const chunk of stream) bytes += chunk.length;
  return bytes;
}

/** The same by a BYOB reader, into one buffer from `start` on. */
export async function drainInto(
  stream: ReadableStream<Uint8Array>,
  buffer: ArrayBuffer = new ArrayBuffer(CHUNK_SIZE),
  start = 0,
): Promise<number> {
  let bytes = 0;
  const reader = stream.getReader({ mode: "byob" });
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(buffer, start, CHUNK_SIZE));
    if (done) return bytes;
    bytes += value.length;
    buffer = value.buffer;
  }
}
