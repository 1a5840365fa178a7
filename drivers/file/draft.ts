/**
 * An image being written: a temporary file on the file system of its datadir, which becomes the image
 * by being linked to its name.
 *
 * @module
 */
import { link, mkdir, opendir, stat, unlink, writeFile } from "node:fs/promises";
import type { BigIntStats } from "node:fs";
import { dirname } from "@std/path";
import { BackendException, BadStoreConfiguration } from "../../errors/mod.ts";
import type { Bytes } from "../../streams/mod.ts";
import type { Datadirs } from "./datadirs.ts";
import { type Digests, digestsDirectory, forgetDigests, keepDigests } from "./digests.ts";
import { codeOf, NOWHERE, unless } from "./failures.ts";
import { type Io, OpenFile } from "./io.ts";
import { liveness } from "./liveness.ts";
import { RESERVED } from "./location.ts";
import { linkImage, removeEmptyParents, syncDirectory } from "./tree.ts";
import { dataRuns } from "./zeros.ts";

/** How a store writes its files. */
export interface DraftOptions {
  /** Mode of the file; 0 leaves it to the process's umask. */
  mode: number;
  /** Bytes of one write at most. */
  chunkSize: number;
  /** Leaves runs of zero bytes out. */
  sparse: boolean;
}

/** A temporary file. */
export class Draft {
  /** Where it is. */
  readonly path: string;
  readonly #io: Io;
  readonly #datadir: string;
  readonly #file: OpenFile;
  readonly #hold: Disposable;
  readonly #options: DraftOptions;
  #size = 0;
  #stats: BigIntStats | undefined;
  #target: string | undefined;

  private constructor(
    io: Io,
    datadir: string,
    path: string,
    file: OpenFile,
    hold: Disposable,
    options: DraftOptions,
  ) {
    this.#io = io;
    this.#datadir = datadir;
    this.path = path;
    this.#file = file;
    this.#hold = hold;
    this.#options = options;
  }

  /** Makes an empty temporary file in a datadir. */
  static async create(io: Io, datadir: string, options: DraftOptions): Promise<Draft> {
    for (;;) {
      const path = draftPath(datadir);
      const file = await unless(["ENOENT"], OpenFile.open(io, path, "wx"));
      if (file === undefined) {
        await prepare(io, datadir);
        continue;
      }
      try {
        const hold = await unless(
          ["ENOENT"],
          io.wait(liveness.hold(path), (late) => late?.[Symbol.dispose]()),
        );
        // Whoever starts a store may clear the file away before it is held.
        if (hold && (await file.stat()).nlink > 0n) {
          return new Draft(io, datadir, path, file, hold, options);
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

  /** Writes the next bytes; `sparse` leaves zeros out though the store is not told to. */
  async write(bytes: Bytes, sparse: boolean = this.#options.sparse): Promise<void> {
    const { chunkSize } = this.#options;
    const runs = sparse ? dataRuns(bytes) : [[0, bytes.length] as const];
    for (const [start, end] of runs) {
      await this.#file.write(bytes.subarray(start, end), this.#size + start, chunkSize);
    }
    this.#size += bytes.length;
  }

  /** Makes it the image at `path`; throws `Duplicate` if there is one. Its digests come first. */
  async publish(datadirs: Datadirs, path: string, digests: Digests | undefined): Promise<void> {
    const { mode } = this.#options;
    // The last bytes may have been left out.
    if (this.#size > 0) await this.#file.truncate(this.#size);
    if (mode > 0) await this.#file.chmod(mode);
    await this.#file.sync();
    this.#stats = await this.#file.stat();
    if (digests) {
      // An image without them is whole all the same.
      await keepDigests(this.#io, this.#datadir, this.#stats, digests).catch(() => {});
    }
    await this.#file.close();
    this.#target = await linkImage(this.#io, datadirs, this.path, path, mode);
    await syncDirectory(this.#io, dirname(this.#target));
    // What cannot be removed now is removed at the next start; the image is there.
    await this.#io.cleanup.wait(unlink(this.path)).catch(() => {});
    this.#hold[Symbol.dispose]();
  }

  /** Removes everything that was written for an image that was to be at `path`. */
  async discard(datadirs: Datadirs, path: string): Promise<void> {
    const io = this.#io.cleanup;
    try {
      if (this.#target) await io.wait(unlink(this.#target)).catch(() => {});
      if (this.#stats) await forgetDigests(io, this.#datadir, this.#stats);
      await removeEmptyParents(io, datadirs, path);
      await io.wait(unlink(this.path)).catch(() => {});
      await this.#file.close();
    } finally {
      this.#hold[Symbol.dispose]();
    }
  }
}

/** The directory of the temporary files of a datadir. */
function draftsDirectory(datadir: string): string {
  return `${datadir}/${RESERVED}/tmp`;
}

/** A name that no other draft has. */
function draftPath(datadir: string): string {
  return `${draftsDirectory(datadir)}/${crypto.randomUUID()}${liveness.suffix}`;
}

/** Makes the store's own directories in a datadir. */
export async function prepare(io: Io, datadir: string): Promise<void> {
  const directories = [
    `${datadir}/${RESERVED}`,
    draftsDirectory(datadir),
    digestsDirectory(datadir),
  ];
  try {
    for (const directory of directories) await unless(["EEXIST"], io.wait(mkdir(directory)));
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    throw new BackendException(`the datadir ${datadir} is missing`, { cause: error });
  }
}

/** Fails unless files can be written in a datadir and linked. Throws `BadStoreConfiguration`. */
export async function proveWritable(io: Io, datadir: string): Promise<void> {
  const path = draftPath(datadir);
  const second = draftPath(datadir);
  await io.wait(writeFile(path, "", { flag: "wx" }));
  try {
    await io.wait(link(path, second));
    await io.wait(unlink(second));
  } catch (error) {
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(codeOf(error)!)) {
      throw error;
    }
    throw new BadStoreConfiguration(
      `the file system of the datadir ${datadir} has no hard links, without which no image can ` +
        "appear whole and replace nothing",
      { cause: error },
    );
  } finally {
    await io.wait(unlink(path));
  }
}

/** Removes the temporary files of a datadir that nobody writes any more. */
export async function sweep(io: Io, datadir: string): Promise<void> {
  const directory = draftsDirectory(datadir);
  for await (const { name } of await io.wait(opendir(directory))) {
    const path = `${directory}/${name}`;
    const clear = async () => {
      const stats = await stat(path, { bigint: true });
      // With a second name it is an image, which needs its digests.
      if (stats.nlink === 1n) await forgetDigests(io, datadir, stats);
      await unlink(path);
    };
    // Others may clear it away too, and what belongs to somebody else is theirs to clear.
    await unless([...NOWHERE, "EACCES", "EPERM"], io.wait(liveness.ifLeft(path, clear)));
  }
}
