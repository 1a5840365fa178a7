/**
 * Small reads of what the system has in its page cache, done at once: another thread, as reads are
 * done elsewhere, takes several times as long to be woken as the read itself.
 *
 * By FFI, where the permission is granted already: no runtime has such a read of its own.
 *
 * @module
 */
import type { BigIntStats } from "node:fs";
import { hasLinuxFfi } from "../../runtime/mod.ts";
import type { Bytes } from "../../streams/mod.ts";

/** Up to how many bytes a read holds up the event loop no longer than the result of a thread does. */
export const PAGE_CACHE_LIMIT = 262_144;

/** Rather than to wait for the disk, fail: preadv2(2). */
const RWF_NOWAIT = 8;

const SYMBOLS = {
  preadv2: { parameters: ["i32", "buffer", "i32", "i64", "i32"], result: "isize" },
  fstat: { parameters: ["i32", "buffer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Fills a view as far as the bytes are at hand, and returns how many those are. */
export type PageCacheRead = (view: Bytes, position: number) => number;

let libc: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] | undefined;

function load(): typeof libc {
  if (libc || !hasLinuxFfi()) return libc;
  // The address of a buffer needs the permission for all libraries.
  const { state, partial } = Deno.permissions.querySync({ name: "ffi" });
  if (state !== "granted" || partial) return undefined;
  try {
    return libc = Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  } catch {
    // An older C library, or another one.
    return undefined;
  }
}

/** Reads of an open file; `undefined` where they cannot be had. */
export function pageCacheReads(fd: number, { dev, ino }: BigIntStats): PageCacheRead | undefined {
  const symbols = load();
  // Longer than any `struct stat`, which begins with the device and the inode.
  const stat = new BigUint64Array(32);
  // Some versions of Deno number files in a way of their own.
  if (symbols?.fstat(fd, new Uint8Array(stat.buffer)) !== 0) return undefined;
  if (stat[0] !== dev || stat[1] !== ino) return undefined;
  const vector = new BigUint64Array(2);
  const vectorBytes = new Uint8Array(vector.buffer);
  return (view, position) => {
    vector[0] = Deno.UnsafePointer.value(Deno.UnsafePointer.of(view));
    vector[1] = BigInt(view.length);
    const count = symbols.preadv2(fd, vectorBytes, 1, BigInt(position), RWF_NOWAIT);
    return Math.max(Number(count), 0);
  };
}
