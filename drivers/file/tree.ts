/**
 * Names in a datadir: made without replacing anything, and the directories that they need.
 *
 * @module
 */
import { dirname } from "@std/path";
import { chmod, link, lstat, mkdir, rmdir, stat, unlink } from "node:fs/promises";
import { BackendException, Duplicate } from "../../errors/mod.ts";
import type { Datadirs } from "./datadirs.ts";
import { codeOf, NOWHERE, unless } from "./failures.ts";
import { type Io, OpenFile } from "./io.ts";

/** How often a directory is made again that somebody removes as empty. */
const ATTEMPTS = 20;

/**
 * Gives a file the name of an image, and resolves to the path, without symbolic links, that it has
 * now. Throws `Duplicate` if the name is taken.
 */
export async function linkImage(
  io: Io,
  datadirs: Datadirs,
  from: string,
  path: string,
  mode: number,
): Promise<string> {
  const name = path.slice(path.lastIndexOf("/"));
  for (let attempt = 1;; attempt++) {
    try {
      await makeParents(io, datadirs, path, mode);
      const target = (await datadirs.real(io, dirname(path))).path + name;
      await io.wait(link(from, target), () => unlink(target));
      return target;
    } catch (error) {
      const code = codeOf(error);
      if (code === "EEXIST") throw new Duplicate("the image exists already", { cause: error });
      if (code !== "ENOENT" || attempt === ATTEMPTS) throw error;
      if (await unless(NOWHERE, io.wait(lstat(from))) === undefined) {
        throw new BackendException("the file being written was removed by somebody else");
      }
    }
  }
}

/** Makes the directories between a datadir and a path in it. Never the datadir itself. */
async function makeParents(
  io: Io,
  datadirs: Datadirs,
  path: string,
  mode: number,
): Promise<void> {
  const { datadir, imageId } = datadirs.place(path)!;
  const missing: string[] = [];
  for (let at = imageId.lastIndexOf("/"); at > 0; at = imageId.lastIndexOf("/", at - 1)) {
    const directory = datadirs.pathIn(datadir, imageId.slice(0, at));
    if (await unless(["ENOENT"], io.wait(stat(directory)))) break;
    missing.push(directory);
  }
  if (missing.length === 0) return;
  await datadirs.requireAll(io);
  for (const directory of missing.reverse()) {
    await unless(["EEXIST"], io.wait(mkdir(directory)));
    await openToReaders(io, directory, mode);
    await syncDirectory(io, dirname(directory));
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
  if ((now & wanted) !== wanted) {
    await unless(["EPERM", "EACCES", "EROFS"], io.wait(chmod(directory, now & 0o7777 | wanted)));
  }
}

/** Removes the directories between a datadir and a path in it that are empty. */
export async function removeEmptyParents(io: Io, datadirs: Datadirs, path: string): Promise<void> {
  const place = datadirs.place(path);
  if (place === undefined) return;
  const { datadir, imageId } = place;
  try {
    for (let at = imageId.lastIndexOf("/"); at > 0; at = imageId.lastIndexOf("/", at - 1)) {
      await io.wait(rmdir(datadirs.pathIn(datadir, imageId.slice(0, at))));
    }
  } catch {
    // It holds something, or it is not ours to remove.
  }
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
