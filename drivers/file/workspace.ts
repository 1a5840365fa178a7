/**
 * The driver's own directory in a datadir: temporary files, each held as long as somebody needs it,
 * and clearing away those that nobody holds any more.
 *
 * @module
 */
import { BackendException, BadStoreConfiguration } from "../../errors/mod.ts";
import type { Datadirs } from "./datadirs.ts";
import { digestsDirectory, forgetDigests } from "./digests.ts";
import { makeDirectory, removeEmpty } from "./directories.ts";
import { codeOf, unless } from "./errors.ts";
import { type Io, Temporary } from "./io.ts";
import { RESERVED } from "./location.ts";
import { namesIn } from "./directory_names.ts";
import { link, mkdir, readFile, rmdir, stat, unlink } from "./system.ts";
import { temporaryFiles } from "./temporary_files.ts";

/** What a temporary file holds: an image's bytes, or the directories that are made for one. */
export type Purpose = "image" | "directories";

/** The codes of a file system without hard links. */
const NO_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

function temporaryDirectory(datadir: string): string {
  return `${datadir}/${RESERVED}/tmp`;
}

function temporaryPath(datadir: string, purpose: Purpose): string {
  return `${temporaryDirectory(datadir)}/${purpose}-${crypto.randomUUID()}${temporaryFiles.suffix}`;
}

/** Makes the driver's directories in a datadir. */
export async function prepare(io: Io, datadir: string): Promise<void> {
  const directories = [
    `${datadir}/${RESERVED}`,
    temporaryDirectory(datadir),
    digestsDirectory(datadir),
  ];
  try {
    for (const directory of directories) await unless(["EEXIST"], io.wait(mkdir(directory)));
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    throw new BackendException(`the datadir ${datadir} is missing`, { cause: error });
  }
}

/** Makes an empty temporary file, held until it is removed. */
export async function makeTemporary(
  io: Io,
  datadir: string,
  purpose: Purpose,
  mode = 0o666,
): Promise<Temporary> {
  for (;;) {
    const path = temporaryPath(datadir, purpose);
    try {
      const file = await io.make(temporaryFiles.create(path, mode), async (late) => {
        await unlink(path);
        await late?.close();
      });
      if (file !== undefined) return new Temporary(io, path, file);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      await prepare(io, datadir);
    }
  }
}

/**
 * Does something in directories, the outermost first, that are made for it. If it fails, or the
 * process is killed meanwhile, they are removed again unless something is in them by then.
 */
export async function withDirectories<T>(
  io: Io,
  datadir: string,
  directories: readonly string[],
  mode: number,
  body: () => Promise<T>,
): Promise<T> {
  const note = await makeTemporary(io, datadir, "directories");
  try {
    await note.write(new TextEncoder().encode(JSON.stringify(directories)), 0);
    for (const directory of directories) await makeDirectory(io, directory, mode);
    return await body();
  } catch (error) {
    await removeEmpty(io.cleanup, directories);
    throw error;
  } finally {
    await note.remove();
  }
}

/** Removes the temporary files of a datadir that nobody holds any more, and what they stand for. */
export async function sweep(io: Io, datadirs: Datadirs, datadir: string): Promise<void> {
  const directory = temporaryDirectory(datadir);
  for await (const name of namesIn(io, directory)) {
    const path = `${directory}/${name}`;
    const clear = async () => {
      const stats = await stat(path, { bigint: true });
      if (name.startsWith("directories" satisfies Purpose)) {
        const directories = await noted(path);
        await removeEmpty(io, directories.filter((directory) => datadirs.place(directory)));
      } else if (stats.nlink === 1n) {
        // With a further name it is an image, which keeps its digests.
        await forgetDigests(io, datadir, stats);
      }
      await unlink(path);
    };
    // What cannot be cleared away, or is cleared away by others, does not keep the store from work.
    await io.wait(temporaryFiles.ifLeft(path, clear)).catch(() => {});
  }
}

/** The directories that a note names; none were made before it was whole. */
async function noted(path: string): Promise<string[]> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return [];
  }
}

/** Fails unless files can be written in a datadir and linked; throws `BadStoreConfiguration`. */
export async function proveWritable(io: Io, datadir: string): Promise<void> {
  // The driver's own directories may belong to somebody who may write when the datadir does not.
  const directory = `${datadir}/${RESERVED}-${crypto.randomUUID()}`;
  await withDirectories(io, datadir, [directory], 0, () => io.wait(rmdir(directory)));
  const temporary = await makeTemporary(io, datadir, "image");
  const second = temporaryPath(datadir, "image");
  try {
    await io.wait(link(temporary.path, second));
    await io.wait(unlink(second));
  } catch (error) {
    if (!NO_LINKS.includes(codeOf(error)!)) throw error;
    throw new BadStoreConfiguration(
      `the file system of the datadir ${datadir} has no hard links, without which an image cannot ` +
        "appear whole and replace nothing",
      { cause: error },
    );
  } finally {
    await temporary.remove();
  }
}
