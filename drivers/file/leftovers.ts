/**
 * What processes that were killed left in a datadir: temporary files that nobody holds any more, the
 * empty directories that they stand for, and digests of images that are gone.
 *
 * @module
 */
import type { Leftover, ScanOptions } from "../../store/types.ts";
import type { Datadirs } from "./datadirs.ts";
import { allRecords } from "./digests.ts";
import { namesIn } from "./directory_names.ts";
import { removeEmpty } from "./directories.ts";
import { NOWHERE, reasonOf, storeError, unless } from "./errors.ts";
import type { Io } from "./io.ts";
import { temporaryFiles } from "./temporary_files.ts";
import { type Purpose, temporaryDirectory } from "./workspace.ts";
import { lstat, readFile, stat, unlink } from "./system.ts";

/**
 * Lists what was left in the datadirs. What somebody still works on is not among it.
 *
 * @param io Waits for the calls.
 * @param datadirs The datadirs of the store.
 * @param options Called with what cannot be judged.
 * @returns The leftovers, each with a way to remove it.
 */
export async function* leftovers(
  io: Io,
  datadirs: Datadirs,
  { onSkipped }: ScanOptions,
): AsyncGenerator<Leftover> {
  for (const datadir of datadirs.paths) {
    try {
      yield* temporaryLeftovers(io, datadirs, datadir, onSkipped);
      yield* recordLeftovers(io, datadirs, datadir);
    } catch (error) {
      onSkipped({ path: datadir, reason: storeError(error, "read") as Error });
    }
  }
}

/**
 * Removes the temporary files of a datadir that nobody holds any more. What cannot be removed, or is
 * removed by others, does not keep the store from work.
 */
export async function sweep(io: Io, datadirs: Datadirs, datadir: string): Promise<void> {
  for await (const leftover of temporaryLeftovers(io, datadirs, datadir, () => {})) {
    await leftover.remove().catch(() => {});
  }
}

async function* temporaryLeftovers(
  io: Io,
  datadirs: Datadirs,
  datadir: string,
  onSkipped: ScanOptions["onSkipped"],
): AsyncGenerator<Leftover> {
  const directory = temporaryDirectory(datadir);
  for await (const name of namesIn(io, directory, NOWHERE)) {
    const path = `${directory}/${name}`;
    try {
      let isLeft = false;
      await io.wait(temporaryFiles.ifLeft(path, () => Promise.resolve(void (isLeft = true))));
      if (!isLeft) continue;
      const { size, mtime } = await io.wait(stat(path));
      const remove = () => {
        return io.wait(temporaryFiles.ifLeft(path, () => clear(io, datadirs, datadir, name)));
      };
      yield { path: name, kind: "file", since: mtime, size, remove };
    } catch (error) {
      const gone = await unless(NOWHERE, io.wait(lstat(path))) === undefined;
      if (!gone) onSkipped({ path: name, reason: new Error(reasonOf(error as Error)) });
    }
  }
}

/** Removes a temporary file, and what it stands for. */
async function clear(io: Io, datadirs: Datadirs, datadir: string, name: string): Promise<void> {
  const path = `${temporaryDirectory(datadir)}/${name}`;
  if (name.startsWith("directories" satisfies Purpose)) {
    const directories = await noted(path);
    await removeEmpty(io, datadirs, directories.filter((one) => datadirs.place(one)));
  }
  await io.wait(unlink(path));
}

/** The directories that a note names; none were made before it was whole. */
async function noted(path: string): Promise<string[]> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return [];
  }
}

/** Lists the records of images that are gone, and that no add that goes on is about to show. */
async function* recordLeftovers(
  io: Io,
  datadirs: Datadirs,
  datadir: string,
): AsyncGenerator<Leftover> {
  for await (const { record, imageId, inode } of allRecords(io, datadir)) {
    const image = datadirs.pathIn(datadir, imageId);
    const isThere = async () => await unless(NOWHERE, io.wait(lstat(image))) !== undefined;
    // An add has its temporary file until its image can be seen, so in this order none is missed.
    if (await isThere() || await isStaged(io, datadir, inode) || await isThere()) continue;
    const stats = await unless(NOWHERE, io.wait(stat(record)));
    if (stats === undefined) continue;
    const remove = async () => void await unless(NOWHERE, io.wait(unlink(record)));
    yield { path: imageId, kind: "digests", since: stats.mtime, size: stats.size, remove };
  }
}

async function isStaged(io: Io, datadir: string, inode: bigint): Promise<boolean> {
  const directory = temporaryDirectory(datadir);
  for await (const name of namesIn(io, directory, NOWHERE)) {
    const staged = unless(NOWHERE, io.wait(lstat(`${directory}/${name}`, { bigint: true })));
    if ((await staged)?.ino === inode) return true;
  }
  return false;
}
