/**
 * How many connections a process has room for.
 *
 * @module
 */

/** Descriptors that a process has open beside connections and images. */
const RESERVED = 48;
/** The limit that is assumed where the system does not say it: the lowest default, that of macOS. */
const ASSUMED = 256;
/** The most connections by default. */
const MOST = 1024;

/**
 * Returns how many connections the process has descriptors for. Each connection can have an image open
 * beside its socket.
 *
 * @param limits The content of `/proc/self/limits`. Default: it is read.
 * @returns The number of connections, from 4 to 1024.
 *
 * @example A limit of 200
 * ```ts
 * import { connectionLimit } from "./descriptors.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(connectionLimit("Max open files            200                  200        files"), 76);
 * ```
 */
export function connectionLimit(limits: string = readLimits()): number {
  const soft = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? ASSUMED);
  return Math.max(4, Math.min(MOST, Math.floor((soft - RESERVED) / 2)));
}

function readLimits(): string {
  try {
    return Deno.readTextFileSync("/proc/self/limits");
  } catch {
    return "";
  }
}
