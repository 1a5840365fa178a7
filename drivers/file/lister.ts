/**
 * Listing the images of datadirs.
 *
 * @module
 */
import type { Stats } from "node:fs";
import { Forbidden } from "../../errors/mod.ts";
import type { ListEntry } from "../../store/types.ts";
import type { Datadirs } from "./datadirs.ts";
import { NOWHERE, unless } from "./errors.ts";
import type { Io } from "./io.ts";
import { isFileId } from "./location.ts";
import { namesIn } from "./directory_names.ts";
import { lstat, stat } from "./system.ts";

/** The names in a directory of all datadirs, each once: of the first datadir that has it. */
export async function* listDatadirs(
  io: Io,
  datadirs: Datadirs,
  directory: string,
  recursive: boolean,
): AsyncGenerator<ListEntry> {
  for (const [index, datadir] of datadirs.paths.entries()) {
    for await (const entry of listOne(io, datadirs, datadir, directory, recursive, [])) {
      if (!await isIn(io, datadirs, datadirs.paths.slice(0, index), entry)) yield entry;
    }
  }
}

/** Whether one of the datadirs has the entry. */
async function isIn(
  io: Io,
  datadirs: Datadirs,
  paths: readonly string[],
  { path, kind }: ListEntry,
): Promise<boolean> {
  for (const datadir of paths) {
    const found = await look(io, datadirs, datadirs.pathIn(datadir, path));
    if (found?.isFile() && kind === "image") return true;
    if (found?.isDirectory() && kind === "directory") {
      if (await holdsImages(io, datadirs, datadir, path, [])) return true;
    }
  }
  return false;
}

/** Whether there is an image anywhere below a directory. */
async function holdsImages(
  io: Io,
  datadirs: Datadirs,
  datadir: string,
  directory: string,
  above: readonly string[],
): Promise<boolean> {
  for await (const _ of listOne(io, datadirs, datadir, directory, true, above)) return true;
  return false;
}

async function* listOne(
  io: Io,
  datadirs: Datadirs,
  datadir: string,
  directory: string,
  recursive: boolean,
  above: readonly string[],
): AsyncGenerator<ListEntry> {
  const path = directory === "" ? datadir : datadirs.pathIn(datadir, directory);
  const real = await unless(NOWHERE, datadirs.real(io, path));
  // A symbolic link to a directory above would be listed for ever.
  if (real === undefined || above.includes(real.path)) return;
  const inside = [...above, real.path];
  // What is in a directory that cannot be read, such as `lost+found`, cannot be read either.
  const skipped = above.length === 0 ? NOWHERE : [...NOWHERE, "EACCES", "EPERM"];
  for await (const name of namesIn(io, real.path, skipped)) {
    const id = directory === "" ? name : `${directory}/${name}`;
    if (!isFileId(id)) continue;
    let stats = await unless(skipped, io.wait(lstat(`${real.path}/${name}`)));
    if (stats?.isSymbolicLink()) stats = await look(io, datadirs, `${real.path}/${name}`);
    if (stats?.isFile()) {
      yield { path: id, kind: "image", size: stats.size, modified: stats.mtime };
    } else if (!stats?.isDirectory()) {
      continue;
    } else if (recursive) {
      yield* listOne(io, datadirs, datadir, id, true, inside);
    } else if (await holdsImages(io, datadirs, datadir, id, inside)) {
      yield { path: id, kind: "directory" };
    }
  }
}

/** What is at a path, unless it is nothing or a symbolic link leads out of the datadirs. */
async function look(io: Io, datadirs: Datadirs, path: string): Promise<Stats | undefined> {
  try {
    const real = await unless(NOWHERE, datadirs.real(io, path));
    return real && await unless(NOWHERE, io.wait(stat(real.path)));
  } catch (error) {
    if (error instanceof Forbidden) return undefined;
    throw error;
  }
}
