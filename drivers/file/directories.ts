/**
 * The directories between a datadir and its images.
 *
 * @module
 */
import type { Datadirs } from "./datadirs.ts";
import { unless } from "./errors.ts";
import type { Io } from "./io.ts";
import { OpenFile } from "./open_file.ts";
import { chmod, dirname, mkdir, rmdir, stat } from "./system.ts";

/** The directories between a datadir and a path in it, the outermost first. */
export function parentsOf(datadirs: Datadirs, path: string): string[] {
  const { datadir, imageId } = datadirs.place(path)!;
  const parents: string[] = [];
  for (let at = imageId.indexOf("/"); at > 0; at = imageId.indexOf("/", at + 1)) {
    parents.push(datadirs.pathIn(datadir, imageId.slice(0, at)));
  }
  return parents;
}

/** Those directories between a datadir and a path in it that are not there, the outermost first. */
export async function missingParents(
  io: Io,
  datadirs: Datadirs,
  path: string,
): Promise<string[]> {
  const missing: string[] = [];
  for (const directory of parentsOf(datadirs, path).reverse()) {
    if (await unless(["ENOENT"], io.wait(stat(directory)))) break;
    missing.unshift(directory);
  }
  // A datadir that is gone is not made again: its disk may be elsewhere.
  if (missing.length > 0) await datadirs.requireAll(io);
  return missing;
}

/** Makes a directory that readers can go through, unless it is there. */
export async function makeDirectory(io: Io, path: string, mode: number): Promise<void> {
  await unless(["EEXIST"], io.make(mkdir(path), () => rmdir(path)));
  await openToReaders(io, path, mode);
  await syncDirectory(io, dirname(path));
}

/** Removes those of the directories, the outermost first, that are there and empty. */
export async function removeEmpty(io: Io, directories: readonly string[]): Promise<void> {
  try {
    for (const directory of directories.toReversed()) {
      await unless(["ENOENT"], io.wait(rmdir(directory)));
    }
  } catch {
    // It holds something, or it is not ours to remove.
  }
}

/**
 * Lets those whom `mode` lets read files go through the directory to them, as glance_store does, and
 * like there it is no error where that is not for us to change.
 */
export async function openToReaders(io: Io, directory: string, mode: number): Promise<void> {
  const wanted = (mode & 0o007 ? 0o001 : 0) | (mode & 0o070 ? 0o010 : 0);
  if (wanted === 0) return;
  const { mode: now } = await io.wait(stat(directory));
  if ((now & wanted) === wanted) return;
  await unless(["EPERM", "EACCES", "EROFS"], io.wait(chmod(directory, now & 0o7777 | wanted)));
}

/** Brings a directory's names to the disk, where the file system can. */
export async function syncDirectory(io: Io, path: string): Promise<void> {
  const directory = await unless(["EACCES", "EPERM", "EISDIR"], OpenFile.open(io, path, "r"));
  if (directory === undefined) return;
  try {
    await unless(["EINVAL", "ENOTSUP", "EBADF"], directory.sync());
  } finally {
    await directory.close();
  }
}
