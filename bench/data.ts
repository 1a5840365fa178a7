/**
 * What the benches write and read: files of random bytes, and streams to their end.
 *
 * @module
 */
import { CHUNK_SIZE } from "../streams/bytes.ts";

/** Fills a file with random bytes, which are on the disk then: else they are written during the first rounds. */
export async function writeRandom(path: string, mib: number): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  const piece = new Uint8Array(65_536);
  for (let at = 0; at < mib * 1024 * 1024; at += piece.length) {
    await file.write(crypto.getRandomValues(piece));
  }
  await file.syncData();
}

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
