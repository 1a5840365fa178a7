/**
 * Giving a file the name of an image, without replacing anything.
 *
 * @module
 */
import type { BigIntStats } from "node:fs";
import { BackendException, Duplicate, ImageChanged, TimeoutError } from "../../errors/mod.ts";
import type { Datadirs } from "./datadirs.ts";
import { missingParents, syncDirectory } from "./directories.ts";
import { codeOf, NOWHERE, unless } from "./errors.ts";
import type { Io } from "./io.ts";
import { isSameFile } from "./open_file.ts";
import { dirname, link, lstat, stat, unlink } from "./system.ts";
import { withDirectories } from "./workspace.ts";

/** How often directories are made again that somebody else removes as empty. */
const ATTEMPTS = 20;

/** Throws `Duplicate` if there is anything at one of the paths. */
export async function refuseDuplicate(io: Io, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const found = await unless(["ENOENT"], io.wait(lstat(path)));
    if (found?.isDirectory()) throw new Duplicate("there is a directory of that name");
    if (found) throw new Duplicate("the image exists already");
  }
}

/**
 * Gives a file the name `path` in a datadir, whose directories are made. Throws `Duplicate` if any
 * datadir has an image of that id.
 */
export async function linkImage(
  io: Io,
  datadirs: Datadirs,
  from: string,
  path: string,
  mode: number,
): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      const missing = await missingParents(io, datadirs, path);
      const place = () => linkInto(io, datadirs, from, path);
      if (missing.length === 0) return await place();
      return await withDirectories(io, datadirs.place(path)!.datadir, missing, mode, place);
    } catch (error) {
      if (codeOf(error) !== "ENOENT" || attempt === ATTEMPTS) throw error;
      if (await unless(NOWHERE, io.wait(lstat(from))) === undefined) {
        throw new BackendException("the file was removed by somebody else", { cause: error });
      }
    }
  }
}

async function linkInto(io: Io, datadirs: Datadirs, from: string, path: string): Promise<void> {
  const { imageId } = datadirs.place(path)!;
  const others = datadirs.pathsOf(imageId).filter((other) => other !== path);
  const parent = (await datadirs.real(io, dirname(path))).path;
  const target = parent + path.slice(path.lastIndexOf("/"));
  try {
    await io.make(link(from, target), () => unlink(target));
  } catch (error) {
    if (codeOf(error) === "EEXIST") await refuseDuplicate(io, [target]);
    throw error;
  }
  try {
    // When two datadirs are given one id at the same moment, neither keeps it.
    await refuseDuplicate(io, others);
    await syncDirectory(io, parent);
  } catch (error) {
    await io.cleanup.wait(unlink(target));
    throw error;
  }
}

/**
 * Takes the name `from` off a file that has the name `to` too. Where that fails for certain, or `from`
 * is another file by now, it is `to` that goes. Where nobody can tell, both are left: an image may
 * have two names, but not none.
 */
export async function removeOldName(
  io: Io,
  from: string,
  to: string,
  stats: BigIntStats,
): Promise<void> {
  try {
    if (!isSameFile(await io.wait(stat(from, { bigint: true })), stats)) {
      throw new ImageChanged("the image was replaced while it was being renamed");
    }
    await io.wait(unlink(from));
  } catch (error) {
    if (!(error instanceof TimeoutError)) await io.cleanup.wait(unlink(to));
    throw error;
  }
}
