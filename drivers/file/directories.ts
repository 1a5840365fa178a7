/**
 * Directories of a datadir: opened, so that what is done in them is done in the directory that was
 * checked, and created and removed between a datadir and its images.
 *
 * @module
 */
import type { Datadirs, RealPath } from "./datadirs.ts";
import { descriptorPath, realPathOf } from "./descriptor_path.ts";
import { unless } from "./errors.ts";
import type { Io } from "./io.ts";
import type { Owner } from "./temporary_files.ts";
import { OpenFile } from "./open_file.ts";
import { chmod, chown, dirname, FILE_FLAGS, mkdir, rmdir, stat } from "./system.ts";

/** A directory in a datadir that was checked. */
export interface CheckedDirectory {
  /**
   * What a name in it is appended to, with a slash between: a path that leads to this directory whatever
   * becomes of its name, where the system has such paths; its path without symbolic links elsewhere.
   */
  at: string;
  /** Returns where something of that name in it is, without following it. */
  entry(name: string): RealPath;
  /** Brings its names to the disk, where the file system can. */
  sync(): Promise<void>;
}

/** The owner of a file or directory, and its mode. */
export interface Ownership extends Owner {
  /** Mode with the type of the file in it. */
  mode: number;
}

/**
 * Does something in a directory of a datadir. On Linux with access to `/proc` it is done relative to the
 * open directory, so that a directory that somebody swaps for a symbolic link meanwhile leads nowhere
 * else.
 *
 * @param io Waits for the calls.
 * @param datadirs The datadirs of the store.
 * @param path The path of the directory; symbolic links in it are followed.
 * @param body What to do.
 * @returns What `body` returns.
 * @throws {Forbidden} If the directory lies outside the datadirs.
 */
export async function inDirectory<T>(
  io: Io,
  datadirs: Datadirs,
  path: string,
  body: (directory: CheckedDirectory) => Promise<T>,
): Promise<T> {
  const flags = FILE_FLAGS.O_RDONLY | (FILE_FLAGS.O_DIRECTORY ?? 0) | (FILE_FLAGS.O_NONBLOCK ?? 0);
  // A directory that may be written in but not read cannot be opened.
  const file = await unless(["EACCES", "EPERM", "EISDIR"], OpenFile.open(io, path, flags));
  try {
    const at = file && await descriptorPath(io, file);
    const real = await datadirs.inside(io, await realPathOf(io, at, path));
    const sync = async () =>
      void await unless(["EINVAL", "ENOTSUP", "EBADF"], file?.sync() ?? NOTHING);
    return await body({ at: at ?? real.path, entry: (name) => entryOf(real, name), sync });
  } finally {
    await file?.close();
  }
}

function entryOf({ path, datadir, imageId }: RealPath, name: string): RealPath {
  const prefix = path === "/" ? "" : path;
  return { path: `${prefix}/${name}`, datadir, imageId: imageId && `${imageId}/${name}` || name };
}

const NOTHING: Promise<void> = Promise.resolve();

/** Returns the directories between a datadir and a path in it, the outermost first. */
export function parentsOf(datadirs: Datadirs, path: string): string[] {
  const { datadir, imageId } = datadirs.place(path)!;
  const parents: string[] = [];
  for (let at = imageId.indexOf("/"); at > 0; at = imageId.indexOf("/", at + 1)) {
    parents.push(datadirs.pathIn(datadir, imageId.slice(0, at)));
  }
  return parents;
}

/** Returns those directories between a datadir and a path in it that are not there, the outermost first. */
export async function missingParents(
  io: Io,
  datadirs: Datadirs,
  path: string,
): Promise<string[]> {
  const absent: string[] = [];
  for (const directory of parentsOf(datadirs, path).reverse()) {
    if (await unless(["ENOENT"], io.wait(stat(directory)))) break;
    absent.unshift(directory);
  }
  // A datadir that is gone is not made again: its disk may be elsewhere.
  if (absent.length > 0) await datadirs.requireAll(io);
  return absent;
}

/**
 * Creates a directory that belongs to the owner of the one that it is in, and has its mode.
 *
 * @param io Waits for the calls.
 * @param path The path of the directory. One that is there is left as it is.
 * @param parent Who owns the directory that it is in.
 */
export async function createDirectory(io: Io, path: string, parent: Ownership): Promise<void> {
  const made = io.make(mkdir(path).then(() => true), () => rmdir(path));
  if (!await unless(["EEXIST"], made)) return;
  const now = await io.wait(stat(path));
  await giveTo(io, path, parent, now);
  // The umask may have taken something off, and the group of a shared directory has to write in it.
  const mode = parent.mode & 0o7777;
  const isSame = (now.mode & 0o7777) === mode && now.uid === parent.uid && now.gid === parent.gid;
  if (!isSame) await unless(DENIED, io.wait(chmod(path, mode)));
}

/** The codes of what is not for us to change. */
const DENIED = ["EPERM", "EACCES", "EROFS", "ENOTSUP", "EINVAL", "ENOSYS"];

/**
 * Gives a new file or directory the owner and group of the directory that it is in, where it may.
 *
 * @param io Waits for the calls.
 * @param path The path of the file or directory.
 * @param owner Who is to own it.
 * @param now Who owns it. Default: it is looked up.
 */
export async function giveTo(
  io: Io,
  path: string,
  { uid, gid }: Owner,
  now: Owner | undefined = undefined,
): Promise<void> {
  now ??= await io.wait(stat(path));
  if (now.gid !== gid) await unless(DENIED, io.wait(chown(path, now.uid, gid)));
  if (now.uid !== uid) await unless(DENIED, io.wait(chown(path, uid, gid)));
}

/** Creates a directory of images that readers can go through, unless it is there. */
export async function makeDirectory(
  io: Io,
  datadirs: Datadirs,
  path: string,
  mode: number,
): Promise<void> {
  await inDirectory(io, datadirs, dirname(path), async (parent) => {
    const inside = parent.at + path.slice(path.lastIndexOf("/"));
    await createDirectory(io, inside, await io.wait(stat(parent.at)));
    await openToReaders(io, inside, mode);
    await parent.sync();
  });
}

/** Removes those of the directories, the outermost first, that are there and empty. */
export async function removeEmpty(
  io: Io,
  datadirs: Datadirs,
  directories: readonly string[],
): Promise<void> {
  try {
    for (const directory of directories.toReversed()) {
      await unless(
        ["ENOENT"],
        inDirectory(io, datadirs, dirname(directory), async ({ at }) => {
          await io.wait(rmdir(at + directory.slice(directory.lastIndexOf("/"))));
        }),
      );
    }
  } catch {
    // It holds something, or it is not ours to remove.
  }
}

/**
 * Lets everybody who may read files by `mode` go through the directory to them, as glance_store does, and
 * like there it is no error where that is not for us to change.
 */
export async function openToReaders(io: Io, directory: string, mode: number): Promise<void> {
  const wanted = (mode & 0o007 ? 0o001 : 0) | (mode & 0o070 ? 0o010 : 0);
  if (wanted === 0) return;
  const { mode: now } = await io.wait(stat(directory));
  if ((now & wanted) === wanted) return;
  await unless(DENIED, io.wait(chmod(directory, now & 0o7777 | wanted)));
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
