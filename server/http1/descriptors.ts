/**
 * How many connections a process has room for.
 *
 * @module
 */

/** Descriptors that are left for other things than connections and the images that they read. */
const RESERVED = 32;
/** The number of free descriptors that is assumed where it cannot be found out: that of macOS. */
const ASSUMED = 240;
/** The most connections by default. */
const MOST = 1024;

/**
 * Returns how many connections a process has descriptors for. Each connection can have an image open
 * beside its socket.
 *
 * @param free The number of descriptors that the process can still open. Default: it is found out.
 * @returns The number of connections, from 4 to 1024.
 *
 * @example Room for 160 descriptors
 * ```ts
 * import { connectionLimit } from "./descriptors.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(connectionLimit(160), 64);
 * ```
 */
export function connectionLimit(free: number = countFree()): number {
  return Math.max(4, Math.min(MOST, Math.floor((free - RESERVED) / 2)));
}

/**
 * Counts the descriptors that the process can still open, by opening some. The limit itself stands in
 * `/proc`, which needs all permissions.
 */
function countFree(): number {
  const path = "/dev/null";
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return ASSUMED;
  const files: Deno.FsFile[] = [];
  try {
    while (files.length < 2 * MOST + RESERVED) files.push(Deno.openSync(path));
  } catch (error) {
    // Without a file that can be opened, nothing has been counted.
    if (files.length === 0 && error instanceof Deno.errors.NotFound) return ASSUMED;
  } finally {
    for (const file of files) file.close();
  }
  return files.length;
}
