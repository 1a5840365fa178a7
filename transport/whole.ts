/**
 * Bodies that are taken whole: documents, and what little is left of an answer that nobody wants. Loaded
 * with the first one.
 *
 * @module
 */
import { BackendException } from "../errors/mod.ts";
import type { ByteReader, Bytes } from "../streams/mod.ts";

/** Reads a body of at most `limit` bytes to its end; `likely` is how many there may be. */
export async function readWhole(body: ByteReader, likely: number, limit: number): Promise<Bytes> {
  let buffer = new Uint8Array(likely + 1);
  let filled = 0;
  try {
    for (;;) {
      const piece = await body.read(new Uint8Array(buffer.length - filled));
      buffer.set(piece, filled);
      filled += piece.length;
      if (filled > limit) {
        throw new BackendException(`the server's answer is longer than ${limit} bytes`);
      }
      if (filled < buffer.length) break;
      const larger = new Uint8Array(Math.min(buffer.length * 2, limit + 1));
      larger.set(buffer);
      buffer = larger;
    }
  } finally {
    await body.close();
  }
  return buffer.subarray(0, filled);
}
