/**
 * Small reads of what the system has in its page cache, done at once: another thread, as reads are
 * done elsewhere, takes several times as long to be woken as the read itself.
 *
 * By FFI, where the permission is granted already: no runtime has such a read of its own. A file system
 * that is in memory alone needs none.
 *
 * @module
 */
// Small: two calls of the system, and when they are of use.
import type { BigIntStats } from "node:fs";
import type { Bytes } from "../../streams/mod.ts";
import { isMemoryDevice } from "./closing.ts";
import { libcFor } from "./libc.ts";
import { readSync } from "./system.ts";

/** Up to how many bytes a read holds up the event loop no longer than the result of a thread does. */
export const PAGE_CACHE_LIMIT = 262_144;

/** Rather than to wait for the disk, fail: preadv2(2). */
const RWF_NOWAIT = 8;

/** Fills a view as far as the bytes are at hand, and returns how many those are. */
export type PageCacheRead = (view: Bytes, position: number) => number;

/** Reads of an open file; `undefined` where they cannot be had. */
export function pageCacheReads(fd: number, stats: BigIntStats): PageCacheRead | undefined {
  // tmpfs has no reads that fail rather than to wait.
  if (isMemoryDevice(stats.dev)) {
    return (view, position) => readSync(fd, view, 0, view.length, position);
  }
  const libc = libcFor(fd, stats);
  if (libc === undefined) return undefined;
  const vector = new BigUint64Array(2);
  const vectorBytes = new Uint8Array(vector.buffer);
  return (view, position) => {
    vector[0] = Deno.UnsafePointer.value(Deno.UnsafePointer.of(view));
    vector[1] = BigInt(view.length);
    const count = libc.preadv2(fd, vectorBytes, 1, BigInt(position), RWF_NOWAIT);
    return Math.max(Number(count), 0);
  };
}
