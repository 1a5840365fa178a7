/**
 * The driver's own directory in a datadir, and the temporary files in it, each held as long as somebody
 * needs it.
 *
 * @module
 */
import { BadStoreConfiguration } from "../../errors/mod.ts";
import { type Datadirs, missing } from "./datadirs.ts";
import { digestsDirectory } from "./digests.ts";
import {
  createDirectory,
  makeDirectory,
  type Ownership,
  removeEmpty,
  syncDirectory,
} from "./directories.ts";
import { codeOf, unless } from "./errors.ts";
import { type Io, Temporary } from "./io.ts";
import { OpenFile } from "./open_file.ts";
import { RESERVED } from "./file_names.ts";
import { temporaryFiles } from "./temporary_files.ts";
import { dirname, FILE_FLAGS, link, process, stat, unlink } from "./system.ts";

/** What a temporary file holds: an image's bytes, or the directories that are made for one. */
export type Purpose = "image" | "directories";

/** The codes of a file system without hard links. */
const NO_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

/** Returns the directory of the temporary files of a datadir. */
export function temporaryDirectory(datadir: string): string {
  return `${datadir}/${RESERVED}/tmp`;
}

function temporaryPath(datadir: string, purpose: Purpose): string {
  return `${temporaryDirectory(datadir)}/${purpose}-${crypto.randomUUID()}${temporaryFiles.suffix}`;
}

/**
 * Creates the driver's directories in a datadir, whose owner and mode they have.
 *
 * @throws {BackendException} If the datadir is missing.
 */
export async function prepare(io: Io, datadir: string): Promise<Ownership> {
  const directories = [
    `${datadir}/${RESERVED}`,
    temporaryDirectory(datadir),
    digestsDirectory(datadir),
  ];
  try {
    const owner = await io.wait(stat(datadir));
    for (const directory of directories) await createDirectory(io, directory, owner);
    return owner;
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    throw missing(datadir);
  }
}

/** Creates a datadir, and the directories above it, each with the owner and mode of the one above. */
export async function createDatadir(io: Io, datadir: string): Promise<void> {
  if (await unless(["ENOENT"], io.wait(stat(datadir)))) return;
  const parent = dirname(datadir);
  await createDatadir(io, parent);
  await createDirectory(io, datadir, await io.wait(stat(parent)));
  await syncDirectory(io, parent);
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
  datadirs: Datadirs,
  datadir: string,
  directories: readonly string[],
  mode: number,
  body: () => Promise<T>,
): Promise<T> {
  const note = await makeTemporary(io, datadir, "directories");
  try {
    await note.write(new TextEncoder().encode(JSON.stringify(directories)), 0);
    for (const directory of directories) await makeDirectory(io, datadirs, directory, mode);
    return await body();
  } catch (error) {
    await removeEmpty(io.cleanup, datadirs, directories);
    throw error;
  } finally {
    await note.remove();
  }
}

/** Opens a file without a name in a directory: Linux, open(2). */
const O_TMPFILE = 0o20_000_000;

/**
 * Checks that files can be created in a datadir, without creating one. Other systems than Linux, and some
 * file systems, cannot say: there the first write finds out.
 *
 * @throws {Error} If the datadir is missing or denies it.
 */
export async function requireWritable(io: Io, datadir: string): Promise<void> {
  await io.wait(stat(datadir));
  if (FILE_FLAGS.O_DIRECTORY === undefined || process.platform !== "linux") return;
  const flags = O_TMPFILE | FILE_FLAGS.O_DIRECTORY | FILE_FLAGS.O_WRONLY;
  const unknown = ["EOPNOTSUPP", "ENOTSUP", "EISDIR", "EINVAL", "ENOSYS", "ENOSPC", "EDQUOT"];
  await (await unless(unknown, OpenFile.open(io, datadir, flags)))?.close();
}

/**
 * Checks that files can be linked in a datadir.
 *
 * @throws {BadStoreConfiguration} If its file system has no hard links.
 */
export async function requireHardLinks(io: Io, datadir: string): Promise<void> {
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
