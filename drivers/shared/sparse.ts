/**
 * Finding runs of zero bytes, which sparse images leave out.
 *
 * @module
 */
// Small: one question, asked by the file and the rbd driver.
import { requireBuiltin } from "../../runtime/requirements.ts";
import type { Bytes } from "../../streams/mod.ts";

const { Buffer } = requireBuiltin("node:buffer");

/** Returns whether all bytes are zero: the first is, and each is like the one before it. */
export function isZero(bytes: Bytes): boolean {
  return bytes.length === 0 ||
    bytes[0] === 0 && Buffer.compare(bytes.subarray(1), bytes.subarray(0, -1)) === 0;
}

/**
 * Returns the parts of the bytes that have to be written: where they begin and end, without the blocks of
 * `block` bytes that are zero.
 */
export function* dataRuns(
  bytes: Bytes,
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
