/**
 * The holes of a sparse file, as lseek(2) finds them.
 *
 * @module
 */
// Small: how lseek(2) finds holes, and nothing else.
import type { BigIntStats } from "node:fs";
import { ExtentList } from "../../store/extents.ts";
import type { Extent } from "../../store/types.ts";
import { libcFor } from "./libc.ts";

const SEEK_DATA = 3;
const SEEK_HOLE = 4;

/** Returns data and holes from an offset on, for at most that many bytes. */
export type HoleFinder = (offset: number, length: number) => Extent[];

/**
 * Creates the search for holes of an open file. It moves the file's own position, which nothing else may
 * use, and runs on this thread: the file is on a local disk.
 *
 * @param fd The descriptor of the file.
 * @param stats What the system says of it.
 * @returns The search, or `undefined` if the runtime cannot do it.
 */
export function holeFinder(fd: number, stats: BigIntStats): HoleFinder | undefined {
  const libc = libcFor(fd, stats);
  if (libc === undefined) return undefined;
  const seek = (position: number, whence: number) =>
    Number(libc.lseek(fd, BigInt(position), whence));
  return (offset, length) => {
    const list = new ExtentList(offset, length);
    while (!list.isFull) {
      const at = list.position;
      const data = seek(at, SEEK_DATA);
      if (data > at) list.add("hole", data - at);
      else if (data === at) list.add("data", Math.max(seek(at, SEEK_HOLE) - at, 1));
      // No data follows, or the file system does not know: at a hole, the next hole begins here.
      else list.add(seek(at, SEEK_HOLE) === at ? "hole" : "data", Infinity);
    }
    return list.extents;
  };
}
