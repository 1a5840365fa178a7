/**
 * Giving a file the name of an image, without replacing anything.
 *
 * @module
 */
import { BackendException, Duplicate } from "../../errors/mod.ts";
import { isDeno } from "../../runtime/mod.ts";
import type { Datadirs, RealPath } from "./datadirs.ts";
import { inDirectory, missingParents } from "./directories.ts";
import { codeOf, NOWHERE, unless } from "./errors.ts";
import type { Io } from "./io.ts";
import { withDirectories } from "./workspace.ts";
import { dirname, link, lstat, unlink } from "./system.ts";

/** How often directories are made again that somebody else removes as empty. */
const ATTEMPTS = 20;

/** Throws `Duplicate` if there is anything at one of the paths. */
export async function refuseDuplicate(io: Io, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const kind = await unless(["ENOENT"], io.wait(kindOf(path)));
    if (kind === "directory") throw new Duplicate("there is a directory of that name");
    if (kind) throw new Duplicate("the image exists already");
  }
}

async function kindOf(path: string): Promise<"directory" | "other"> {
  // In Deno its own function takes a third of the time where nothing is found, as almost always.
  const isDirectory = isDeno()
    ? (await Deno.lstat(path)).isDirectory
    : (await lstat(path)).isDirectory();
  return isDirectory ? "directory" : "other";
}

/** What is done with the place of an image before the file gets its name. */
type Prepare = (place: RealPath) => Promise<void>;

/**
 * Gives a file the name `path` in a datadir, whose directories are created.
 *
 * @param io Waits for the calls.
 * @param datadirs The datadirs of the store.
 * @param from The file.
 * @param path The path that it will have.
 * @param mode The mode of new images, for who may go through the directories.
 * @param prepare Called with where the image will be, before it is there.
 * @throws {Duplicate} If any datadir has an image of that id.
 */
export async function linkImage(
  io: Io,
  datadirs: Datadirs,
  from: string,
  path: string,
  mode: number,
  prepare: Prepare,
): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      const absent = await missingParents(io, datadirs, path);
      const place = () => linkInto(io, datadirs, from, path, prepare);
      if (absent.length === 0) return await place();
      const { datadir } = datadirs.place(path)!;
      return await withDirectories(io, datadirs, datadir, absent, mode, place);
    } catch (error) {
      if (codeOf(error) !== "ENOENT" || attempt === ATTEMPTS) throw error;
      if (await unless(NOWHERE, io.wait(lstat(from))) === undefined) {
        throw new BackendException("the file was removed by somebody else", { cause: error });
      }
    }
  }
}

async function linkInto(
  io: Io,
  datadirs: Datadirs,
  from: string,
  path: string,
  prepare: Prepare,
): Promise<void> {
  const { imageId } = datadirs.place(path)!;
  const others = datadirs.pathsOf(imageId).filter((other) => other !== path);
  const name = path.slice(path.lastIndexOf("/"));
  await inDirectory(io, datadirs, dirname(path), async (parent) => {
    const target = parent.at + name;
    await prepare(parent.entry(name.slice(1)));
    try {
      await io.make(link(from, target), () => unlink(target));
    } catch (error) {
      if (codeOf(error) === "EEXIST") await refuseDuplicate(io, [target]);
      throw error;
    }
    try {
      // When two datadirs are given one id at the same moment, neither keeps it.
      await refuseDuplicate(io, others);
      await parent.sync();
    } catch (error) {
      await io.cleanup.wait(unlink(target));
      throw error;
    }
  });
}
