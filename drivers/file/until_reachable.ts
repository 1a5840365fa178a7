/**
 * Waiting for a disk on another thread before a file is opened. Unless it has all permissions, Deno follows the
 * symbolic links of a path on the main thread before it opens it: a mount that hangs would stop the whole process.
 *
 * @module
 */
// Small: what opens files is in three other modules.
import { isDeno } from "../../runtime/mod.ts";
import { isLocalDevice, isRemoteDevice } from "./closing.ts";
import { dirname, stat } from "./system.ts";

/** How many directories are remembered at most. */
const MAX_DIRECTORIES = 1_024;

/** How long what was seen of a directory counts, in milliseconds: something may be mounted there later. */
const FRESH = 1_000;

/**
 * Directories of local file systems, where nothing has to be waited for, and when that was seen, on the clock
 * of `performance.now`.
 */
const localDirectories = new Map<string, number>();

/** Whether a file system is known to be one that may hang, and which it is. */
export type Reached = { mayHang: false; device?: undefined } | { mayHang: true; device: bigint };

/**
 * Waits until the file system of a path has responded. Outside Deno it does nothing.
 *
 * @param path The path of a file, which need not exist.
 * @returns Whether calls in its directory are known to contact a server, and the number of the device. Outside Deno no
 * call waits on the main thread, so that it does not matter.
 */
export async function untilReachable(path: string): Promise<Reached> {
  if (!isDeno()) return { mayHang: false };
  const directory = dirname(path);
  if (isLocalNow(directory)) return { mayHang: false };
  try {
    await stat(path).catch(() => {});
    const { dev } = await stat(directory, { bigint: true });
    // What a path below /proc names changes.
    if (directory.startsWith("/proc/")) return { mayHang: false };
    if (!await isLocalDevice(directory, dev)) {
      return isRemoteDevice(dev) ? { mayHang: true, device: dev } : { mayHang: false };
    }
  } catch {
    // Opening it fails in the same way.
    return { mayHang: false };
  }
  if (localDirectories.size === MAX_DIRECTORIES) localDirectories.clear();
  localDirectories.set(directory, performance.now());
  return { mayHang: false };
}

function isLocalNow(directory: string): boolean {
  const seen = localDirectories.get(directory);
  return seen !== undefined && performance.now() - seen < FRESH;
}

/**
 * Returns whether a path is known to be in a directory of a local file system. What the system says of a file
 * there that is open, it says from memory: no disk and no server has to be waited for.
 *
 * @param path The path of a file that was opened without following a symbolic link at its end.
 * @returns Whether it is. Outside Deno `false`: nothing is known of directories.
 */
export function isInLocalDirectory(path: string): boolean {
  return isLocalNow(dirname(path));
}
