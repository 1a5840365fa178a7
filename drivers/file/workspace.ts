/**
 * The driver's own directory in a datadir: temporary files, each held as long as somebody needs it,
 * and clearing away those that nobody holds any more.
 *
 * @module
 */
import { link, mkdir, opendir, readFile, rmdir, stat, unlink } from "node:fs/promises";
import { BackendException, BadStoreConfiguration } from "../../errors/mod.ts";
import type { Datadirs } from "./datadirs.ts";
import { digestsDirectory, forgetDigests } from "./digests.ts";
import { removeEmptyParents } from "./directories.ts";
import { codeOf, unless } from "./failures.ts";
import { type Io, OpenFile } from "./io.ts";
import { liveness } from "./liveness.ts";
import { RESERVED } from "./location.ts";

/** What a temporary file is for: an image's bytes, or the path that directories are made for. */
export type Purpose = "image" | "path";

/** A temporary file of this process. */
export interface HeldFile {
  /** Where it is. */
  path: string;
  /** The file, open for writing. */
  file: OpenFile;
  /** Lets go of it: from then on it may be cleared away. */
  release(): void;
}

/** The codes of a file system without hard links. */
const NO_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

function temporaryDirectory(datadir: string): string {
  return `${datadir}/${RESERVED}/tmp`;
}

function temporaryPath(datadir: string, purpose: Purpose): string {
  return `${temporaryDirectory(datadir)}/${purpose}-${crypto.randomUUID()}${liveness.suffix}`;
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

/** Makes an empty temporary file that is held. */
export async function makeHeldFile(io: Io, datadir: string, purpose: Purpose): Promise<HeldFile> {
  for (;;) {
    const path = temporaryPath(datadir, purpose);
    const file = await unless(["ENOENT"], OpenFile.open(io, path, "wx"));
    if (file === undefined) {
      await prepare(io, datadir);
      continue;
    }
    try {
      const holding = io.wait(liveness.hold(path), (late) => late?.[Symbol.dispose]());
      const hold = await unless(["ENOENT"], holding);
      // Until it is held, it may be cleared away by a store that starts.
      if (hold && (await file.stat()).nlink > 0n) {
        return { path, file, release: () => hold[Symbol.dispose]() };
      }
      hold?.[Symbol.dispose]();
      await file.close();
    } catch (error) {
      await file.close().catch(() => {});
      await io.cleanup.wait(unlink(path)).catch(() => {});
      throw error;
    }
  }
}

/**
 * Does something that makes directories on the way to `path`, which are removed again if they stay
 * empty because the process is killed meanwhile.
 */
export async function withDirectories<T>(
  io: Io,
  datadir: string,
  path: string,
  body: () => Promise<T>,
): Promise<T> {
  const { path: note, file, release } = await makeHeldFile(io, datadir, "path");
  try {
    await file.write(new TextEncoder().encode(path), 0);
    return await body();
  } finally {
    await file.close().catch(() => {});
    await io.cleanup.wait(unlink(note)).catch(() => {});
    release();
  }
}

/** Removes the temporary files of a datadir that nobody holds any more, and what they stand for. */
export async function sweep(io: Io, datadirs: Datadirs, datadir: string): Promise<void> {
  const directory = temporaryDirectory(datadir);
  const names = await io.wait(opendir(directory), (late) => late.close());
  for await (const { name } of names) {
    const path = `${directory}/${name}`;
    const clear = async () => {
      const stats = await stat(path, { bigint: true });
      if (name.startsWith("path" satisfies Purpose)) {
        await removeEmptyParents(io, datadirs, await readFile(path, "utf8"));
      } else if (stats.nlink === 1n) {
        // With a further name it is an image, which keeps its digests.
        await forgetDigests(io, datadir, stats);
      }
      await unlink(path);
    };
    // What cannot be cleared away, or is cleared away by others, does not keep the store from work.
    await io.wait(liveness.ifLeft(path, clear)).catch(() => {});
  }
}

/** Fails unless files can be written in a datadir and linked; throws `BadStoreConfiguration`. */
export async function proveWritable(io: Io, datadir: string): Promise<void> {
  // The driver's own directories may belong to somebody who may write when the datadir does not.
  const directory = `${datadir}/${RESERVED}-${crypto.randomUUID()}`;
  await withDirectories(io, datadir, `${directory}/image`, async () => {
    await io.wait(mkdir(directory));
    await io.wait(rmdir(directory));
  });
  const { path, file, release } = await makeHeldFile(io, datadir, "image");
  const second = temporaryPath(datadir, "image");
  try {
    await io.wait(link(path, second));
    await io.wait(unlink(second));
  } catch (error) {
    if (!NO_LINKS.includes(codeOf(error)!)) throw error;
    throw new BadStoreConfiguration(
      `the file system of the datadir ${datadir} has no hard links, without which an image cannot ` +
        "appear whole and replace nothing",
      { cause: error },
    );
  } finally {
    await file.close();
    await io.cleanup.wait(unlink(path));
    release();
  }
}
