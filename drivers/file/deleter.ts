/**
 * Taking a name off an image: deleting it, and the second half of a rename.
 *
 * @module
 */
import { ImageChanged, TimeoutError } from "../../errors/mod.ts";
import type { Datadirs } from "./datadirs.ts";
import { forgetDigests } from "./digests.ts";
import { type CheckedDirectory, inDirectory, parentsOf, removeEmpty } from "./directories.ts";
import type { Io } from "./io.ts";
import { isSameFile } from "./open_file.ts";
import type { ImageFile } from "./reader.ts";
import { dirname, lstat, stat, unlink } from "./system.ts";

/**
 * Deletes an image, or the symbolic link that leads to it. The name is taken off last but for what is left
 * of it: its digests and its empty directories.
 *
 * @param io Waits for the calls.
 * @param datadirs The datadirs of the store.
 * @param path The path of the image.
 * @param image The image that was found there.
 * @throws {ImageChanged} If there is another image by now.
 */
export async function deleteFile(
  io: Io,
  datadirs: Datadirs,
  path: string,
  { real, stats }: ImageFile,
): Promise<void> {
  await inDirectory(io, datadirs, dirname(path), async (parent) => {
    const name = parent.at + path.slice(path.lastIndexOf("/"));
    const isLink = await requireSame(io, name, path, { real, stats });
    const cleanUp = async () => {
      await parent.sync();
      // Behind a symbolic link the image is still there.
      if (!isLink) await forgetDigests(io.cleanup, { ...real, stats });
    };
    await io.wait(unlink(name), cleanUp);
    await cleanUp();
  });
  await removeEmpty(io.cleanup, datadirs, parentsOf(datadirs, path));
}

/**
 * Takes the name `from` off an image that has the name `to` too. Where that fails for certain, or `from` is
 * another file by now, it is `to` that goes. Where nobody can know, both are left: an image may have two
 * names, but not none.
 *
 * @param io Waits for the calls; no abort ends them.
 * @param datadirs The datadirs of the store.
 * @param from The path that goes.
 * @param to The path that stays.
 * @param image The image.
 * @throws {ImageChanged} If there is another image at `from` by now.
 */
export async function removeOldName(
  io: Io,
  datadirs: Datadirs,
  from: string,
  to: string,
  image: ImageFile,
): Promise<void> {
  try {
    await inDirectory(io, datadirs, dirname(from), async (parent) => {
      const name = parent.at + from.slice(from.lastIndexOf("/"));
      await requireSame(io, name, from, image);
      await io.wait(unlink(name));
      await parent.sync();
    });
  } catch (error) {
    if (!(error instanceof TimeoutError)) await removeNewName(io.cleanup, datadirs, to, image);
    throw error;
  }
}

async function removeNewName(
  io: Io,
  datadirs: Datadirs,
  to: string,
  image: ImageFile,
): Promise<void> {
  await inDirectory(io, datadirs, dirname(to), async (parent: CheckedDirectory) => {
    const name = to.slice(to.lastIndexOf("/"));
    await io.wait(unlink(parent.at + name));
    await forgetDigests(io, { ...parent.entry(name.slice(1)), stats: image.stats });
    await parent.sync();
  });
  await removeEmpty(io, datadirs, parentsOf(datadirs, to));
}

/** Checks that a name still leads to the image, and returns whether it is a symbolic link. */
async function requireSame(
  io: Io,
  name: string,
  path: string,
  { stats }: ImageFile,
): Promise<boolean> {
  const found = await io.wait(lstat(name, { bigint: true }));
  const isLink = found.isSymbolicLink();
  // A link is followed by its own path: relative to an open directory it means the same, but no more.
  const file = isLink ? await io.wait(stat(path, { bigint: true })) : found;
  if (!isSameFile(file, stats)) {
    throw new ImageChanged("the image was replaced by another one meanwhile");
  }
  return isLink;
}
