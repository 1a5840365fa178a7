/**
 * Functions of the C library that no runtime has, by FFI, where the permission is granted already.
 *
 * @module
 */
// Small: only the file driver has descriptors that the C library can take.
import type { BigIntStats } from "node:fs";
import { openLibrary } from "../../runtime/native_library.ts";

const SYMBOLS = {
  preadv2: { parameters: ["i32", "buffer", "i32", "i64", "i32"], result: "isize" },
  fstat: { parameters: ["i32", "buffer"], result: "i32" },
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
} as const satisfies Deno.ForeignLibraryInterface;

/** The functions. */
export type Libc = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

let loaded: Libc | undefined;

function load(): Libc | undefined {
  return loaded ??= openLibrary("libc.so.6", SYMBOLS)?.symbols;
}

/**
 * Returns the functions for a file that is open.
 *
 * @param fd The descriptor as the runtime numbers it.
 * @param stats What the system says of the file.
 * @returns The functions, or `undefined` if they cannot be had or the number is not the system's.
 */
export function libcFor(fd: number, { dev, ino }: BigIntStats): Libc | undefined {
  const libc = load();
  // Longer than any `struct stat`, which begins with the device and the inode.
  const stat = new BigUint64Array(32);
  // Some versions of Deno number files in a way of their own.
  if (libc?.fstat(fd, new Uint8Array(stat.buffer)) !== 0) return undefined;
  return stat[0] === dev && stat[1] === ino ? libc : undefined;
}
