/**
 * Waiting for a disk on another thread before a file is opened. Unless it has all permissions, Deno follows the
 * symbolic links of a path on the main thread before it opens it: a mount that hangs would stop the whole process.
 *
 * @module
 */
// Small: what opens files is in three other modules.
import { isDeno } from "../../runtime/mod.ts";
import { isLocalDevice } from "./closing.ts";
import { dirname, stat } from "./system.ts";

/** How many directories are remembered at most. */
const MAX_DIRECTORIES = 1_024;

/** Directories of local file systems, where nothing has to be waited for. */
const localDirectories = new Set<string>();

/**
 * Waits until the file system of a path has responded. Outside Deno it does nothing.
 *
 * @param path The path of a file, which need not exist.
 */
export async function untilReachable(path: string): Promise<void> {
  if (!isDeno()) return;
  const directory = dirname(path);
  if (localDirectories.has(directory)) return;
  try {
    await stat(path).catch(() => {});
    const { dev } = await stat(directory, { bigint: true });
    // What a path below /proc names changes.
    if (directory.startsWith("/proc/") || !await isLocalDevice(directory, dev)) return;
  } catch {
    // Opening it fails in the same way.
    return;
  }
  if (localDirectories.size === MAX_DIRECTORIES) localDirectories.clear();
  localDirectories.add(directory);
}
