/**
 * Whether an open file is as it was, known at once: another thread, as the runtimes look at files, takes many
 * times as long to be woken as the call of the system.
 *
 * By FFI, where the permission is granted already.
 *
 * @module
 */
// Small: one call of the system, and where its result has what is compared.
import type { BigIntStats } from "node:fs";
import { libcFor } from "./libc.ts";

/** Where `struct stat` has the size and the date of the last change, in units of 8 bytes, on x86-64 and arm64. */
const SIZE = 6;
const SECONDS = 11;
const NANOSECONDS = 12;

/** Returns whether size and date are what they were; `false` also if that is not known. */
export type UnchangedCheck = () => boolean;

/**
 * Creates the check of an open file. It runs on this thread: the file is on a local disk.
 *
 * @param fd The descriptor of the file.
 * @param stats What the system said of it.
 * @returns The check, or `undefined` if the runtime or the machine cannot do it.
 */
export function unchangedCheck(fd: number, stats: BigIntStats): UnchangedCheck | undefined {
  const libc = libcFor(fd, stats);
  if (libc === undefined) return undefined;
  const now = new BigUint64Array(32);
  const bytes = new Uint8Array(now.buffer);
  const check = () => {
    if (libc.fstat(fd, bytes) !== 0 || now[SIZE] !== stats.size) return false;
    return now[SECONDS]! * 1000n + now[NANOSECONDS]! / 1_000_000n === stats.mtimeMs;
  };
  // A machine that has them elsewhere does not pass.
  return check() ? check : undefined;
}
