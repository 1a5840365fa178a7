/**
 * Finding runs of zero bytes, which sparse images leave out.
 *
 * @module
 */
// Small: one idea, which the file and the rbd driver share.
import { requireBuiltin } from "../../runtime/requirements.ts";

const { Buffer } = requireBuiltin("node:buffer");

/**
 * Returns whether all bytes are zero: the first is, and each is like the one before it.
 *
 * @param bytes The bytes to look at.
 * @returns `true` if they are, or if there are none.
 */
export function isZero(bytes: Uint8Array): boolean {
  return bytes.length === 0 ||
    bytes[0] === 0 && Buffer.compare(bytes.subarray(1), bytes.subarray(0, -1)) === 0;
}

/**
 * Yields the parts of the bytes that have to be written, without the blocks that are zero.
 *
 * @param bytes The bytes to look at.
 * @param block The size of a block, in bytes. Blocks start at the first byte.
 * @returns Where each part starts and where it ends, in bytes.
 */
export function* dataRuns(
  bytes: Uint8Array,
  block: number,
): Generator<readonly [start: number, end: number]> {
  let start = 0;
  for (let at = 0; at < bytes.length; at += block) {
    const end = Math.min(at + block, bytes.length);
    if (!isZero(bytes.subarray(at, end))) continue;
    if (start < at) yield [start, at];
    start = end;
  }
  if (start < bytes.length) yield [start, bytes.length];
}

/**
 * Counts the bytes that have to be written, without the blocks that are zero.
 *
 * @param bytes The bytes to look at.
 * @param block The size of a block, in bytes. Blocks start at the first byte.
 * @returns The number of bytes.
 */
export function countData(bytes: Uint8Array, block: number): number {
  let count = 0;
  for (const [start, end] of dataRuns(bytes, block)) count += end - start;
  return count;
}
