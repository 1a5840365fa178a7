/**
 * The paths of what is open. They lead to the file or directory that was opened, whatever becomes of its
 * name meanwhile.
 *
 * @module
 */
import { codeOf } from "./errors.ts";
import type { Io } from "./io.ts";
import type { OpenFile } from "./open_file.ts";
import { FILE_FLAGS, readlinkSync, realpath, stat } from "./system.ts";

/** Whether what is open can be reached as `/proc/self/fd/N`. Default: not known yet. */
let hasDescriptorPaths: boolean | undefined = FILE_FLAGS.O_DIRECTORY === undefined
  ? false
  : undefined;

/** What Linux adds to the path of what has no name any more. */
const DELETED = " (deleted)";

/**
 * Returns a path that leads to an open file or directory itself.
 *
 * @param io Waits for the calls.
 * @param file The open file.
 * @returns The path, or `undefined` where the system has no such paths.
 */
export async function descriptorPath(io: Io, file: OpenFile): Promise<string | undefined> {
  if (hasDescriptorPaths === false || file.descriptor === undefined) return undefined;
  const path = `/proc/self/fd/${file.descriptor}`;
  if (hasDescriptorPaths === undefined) {
    try {
      // Some versions of Deno number files in a way of their own, and without all permissions Deno
      // refuses the path.
      const [there, here] = await Promise.all([io.wait(stat(path, { bigint: true })), file.stat()]);
      hasDescriptorPaths = there.ino === here.ino && there.dev === here.dev;
    } catch (error) {
      if (codeOf(error) !== "ENOENT" && (error as Error).name !== "NotCapable") throw error;
      hasDescriptorPaths = false;
    }
  }
  return hasDescriptorPaths ? path : undefined;
}

/**
 * Returns the path of an open file or directory without symbolic links.
 *
 * @param io Waits for the calls.
 * @param descriptor What {@linkcode descriptorPath} returns of it, if the system has such paths.
 * @param path The path by which it was opened.
 * @returns The path. Without a descriptor it is that of what has the name now.
 * @throws {Error} `ENOENT` if it has no name any more.
 */
export async function realPathOf(
  io: Io,
  descriptor: string | undefined,
  path: string,
): Promise<string> {
  if (descriptor) {
    // The system knows it from opening it: no disk is read, and no other thread is needed.
    const known = readlinkSync(descriptor);
    // A name may also end with what the system adds.
    if (!known.endsWith(DELETED)) return known;
  }
  return await io.wait(realpath(descriptor ?? path));
}
