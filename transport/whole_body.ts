/**
 * Bodies that are read into memory: documents, not images.
 *
 * @module
 */
import { BackendException } from "../errors/mod.ts";
import type { ByteReader, Bytes } from "../streams/bytes.ts";

/**
 * Reads a whole body into memory and closes it.
 *
 * @param body The body.
 * @param likely How many bytes it probably has.
 * @param limit How many bytes it may have.
 * @returns The bytes.
 * @throws {BackendException} If there are more than `limit` bytes.
 */
export async function readWhole(body: ByteReader, likely: number, limit: number): Promise<Bytes> {
  const pieces: Bytes[] = [];
  let filled = 0;
  try {
    for (let room = likely + 1;; room = Math.min(filled, limit + 1 - filled)) {
      const piece = await body.read(new Uint8Array(room));
      pieces.push(piece);
      filled += piece.length;
      if (filled > limit) {
        throw new BackendException(`the response of the server is longer than ${limit} bytes`);
      }
      if (piece.length < room) break;
    }
  } finally {
    await body.close();
  }
  if (pieces.length === 1) return pieces[0]!;
  const whole = new Uint8Array(filled);
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}
