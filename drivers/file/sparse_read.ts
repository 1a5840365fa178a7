/**
 * Reading files that have holes: a hole is zeros, and takes no read.
 *
 * @module
 */
import type { BigIntStats } from "node:fs";
import type { Bytes } from "../../streams/mod.ts";
import type { Extent } from "../../store/types.ts";
import type { OpenFile } from "./open_file.ts";

/** Of a chunk in more parts than this, the holes are read too: that is faster than many small reads. */
const MAX_PARTS = 32;

/**
 * Returns whether a file has holes, or a file system that compresses stores it in less room.
 *
 * @param stats What the system says of the file.
 * @returns Whether it takes less room than it has bytes.
 */
export function isSparse({ size, blocks }: BigIntStats): boolean {
  // `blocks` counts 512 bytes each whatever the file system. Windows has no such number.
  return blocks !== undefined && blocks * 512n < size;
}

/**
 * Fills a view from a file that has holes.
 *
 * @param file The file.
 * @param view The view to fill.
 * @param position The first byte to read.
 * @returns The number of bytes. It is less than the length of the view only at the end of the file.
 */
export async function readSparse(file: OpenFile, view: Bytes, position: number): Promise<number> {
  if (view.length === 0) return 0;
  const parts = file.extents(position, view.length);
  if (parts === undefined || parts.length > MAX_PARTS) return await file.read(view, position);
  for (const { kind, offset, length } of parts) {
    const start = offset - position;
    const part = view.subarray(start, start + length);
    if (kind === "hole") part.fill(0);
    else {
      const count = await file.read(part, offset);
      if (count < length) return start + count;
    }
  }
  return view.length;
}

/**
 * Yields data and holes of a whole file in order. Where holes cannot be known, all is data.
 *
 * @param file The file.
 * @param size The size of the file in bytes.
 * @returns The extents, without gaps.
 */
export function* extentsOf(file: OpenFile, size: number): Generator<Extent> {
  for (let offset = 0; offset < size;) {
    const length = size - offset;
    for (const extent of file.extents(offset, length) ?? [{ kind: "data", offset, length }]) {
      yield extent;
      offset = extent.offset + extent.length;
    }
  }
}
