/**
 * Finding the runs of zero bytes that a sparse file leaves out.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Bytes } from "../../streams/mod.ts";

/** Size of the blocks that are left out or written whole, in bytes. */
const BLOCK = 65_536;
const ZEROS = Buffer.alloc(BLOCK);

/** The parts of the bytes that have to be written: where they begin and end, without zero blocks. */
export function* dataRuns(bytes: Bytes): Generator<readonly [start: number, end: number]> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let start = 0;
  for (let at = 0; at < buffer.length; at += BLOCK) {
    const end = Math.min(at + BLOCK, buffer.length);
    if (buffer.compare(ZEROS, 0, end - at, at, end) !== 0) continue;
    if (start < at) yield [start, at];
    start = end;
  }
  if (start < buffer.length) yield [start, buffer.length];
}
