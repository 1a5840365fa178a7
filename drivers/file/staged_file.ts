/**
 * An image being written: a temporary file on the file system of its datadir, which becomes the image
 * by being linked to its name.
 *
 * @module
 */
import type { BigIntStats } from "node:fs";
import type { Bytes } from "../../streams/mod.ts";
import { dataRuns } from "../shared/sparse.ts";
import type { Datadirs } from "./datadirs.ts";
import { type Digests, forgetDigests, keepDigests } from "./digests.ts";
import type { Io, Temporary } from "./io.ts";
import { linkImage } from "./linking.ts";
import { chmod, stat } from "./system.ts";
import { makeTemporary } from "./workspace.ts";

/** After how many bytes written they are brought to the disk while the next ones come. */
const FLUSH_SIZE = 64 * 1024 * 1024;

/** Size of the blocks that are left out or written whole, in bytes. */
const HOLE_SIZE = 65_536;

/** How a store writes its files. */
export interface StagingOptions {
  /** Mode of the file; 0 leaves it to the process's umask. */
  mode: number;
  /** Leaves runs of zero bytes out. */
  sparse: boolean;
}

/** An image being written. */
export class StagedFile {
  readonly #io: Io;
  readonly #datadir: string;
  readonly #file: Temporary;
  readonly #options: StagingOptions;
  #size = 0;
  #flushed = 0;
  #flushing: Promise<void> = Promise.resolve();
  #stats: BigIntStats | undefined;

  private constructor(io: Io, datadir: string, file: Temporary, options: StagingOptions) {
    this.#io = io;
    this.#datadir = datadir;
    this.#file = file;
    this.#options = options;
  }

  /** Begins an image in a datadir. */
  static async create(io: Io, datadir: string, options: StagingOptions): Promise<StagedFile> {
    // Nobody reads it before those whom the mode lets do.
    const mode = options.mode > 0 ? 0o600 : 0o666;
    return new StagedFile(io, datadir, await makeTemporary(io, datadir, "image", mode), options);
  }

  /** Where the bytes are until it is published. */
  get path(): string {
    return this.#file.path;
  }

  /** Writes the next bytes; `sparse` leaves zeros out though the store is not told to. */
  async write(bytes: Bytes, sparse: boolean = this.#options.sparse): Promise<void> {
    const runs = sparse ? dataRuns(bytes, HOLE_SIZE) : [[0, bytes.length] as const];
    for (const [start, end] of runs) {
      await this.#file.write(bytes.subarray(start, end), this.#size + start);
    }
    this.#size += bytes.length;
    if (this.#size - this.#flushed < FLUSH_SIZE) return;
    // Otherwise the end of the add would wait for the disk alone.
    await this.#flushing;
    this.#flushed = this.#size;
    this.#flushing = this.#file.sync();
    this.#flushing.catch(() => {});
  }

  /** Makes it the image at `path`; throws `Duplicate` if there is one. Its digests come first. */
  async publish(datadirs: Datadirs, path: string, digests: Digests | undefined): Promise<void> {
    const io = this.#io;
    const { mode } = this.#options;
    // The last bytes may have been left out.
    if (this.#size > 0) await this.#file.truncate(this.#size);
    if (mode > 0) await io.wait(chmod(this.path, mode));
    await this.#flushing;
    await this.#file.sync();
    this.#stats = await io.wait(stat(this.path, { bigint: true }));
    if (digests) {
      // An image without them is whole all the same.
      await keepDigests(io, this.#datadir, this.#stats, digests).catch(() => {});
    }
    await linkImage(io, datadirs, this.path, path, mode);
    await this.#file.remove();
  }

  /** Removes what was written. */
  async discard(): Promise<void> {
    if (this.#stats) await forgetDigests(this.#io.cleanup, this.#datadir, this.#stats);
    await this.#file.remove();
  }
}
