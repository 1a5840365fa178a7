/**
 * An image being written: a temporary file on the file system of its datadir, which becomes the image
 * by being linked to its name.
 *
 * @module
 */
import type { Bytes } from "../../streams/mod.ts";
import { countData, dataRuns } from "../shared/sparse.ts";
import type { Datadirs } from "./datadirs.ts";
import { type Digests, forgetDigests, keepDigests, type RecordedImage } from "./digests.ts";
import { giveTo, type Ownership } from "./directories.ts";
import type { Io, Temporary } from "./io.ts";
import { linkImage } from "./linking.ts";
import { makeTemporary } from "./workspace.ts";
import { chmod, stat } from "./system.ts";

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
  readonly #owner: Ownership;
  readonly #file: Temporary;
  readonly #options: StagingOptions;
  #size = 0;
  /** Bytes written since the last flush began. */
  #unflushed = 0;
  #flushing: Promise<void> = Promise.resolve();
  #hasHoleAtEnd = false;
  #record: RecordedImage | undefined;

  private constructor(io: Io, owner: Ownership, file: Temporary, options: StagingOptions) {
    this.#io = io;
    this.#owner = owner;
    this.#file = file;
    this.#options = options;
  }

  /**
   * Begins an image in a datadir.
   *
   * @param io Waits for the calls.
   * @param datadir The path of the datadir.
   * @param owner Who owns the datadir, and the image therefore.
   * @param options How the store writes its files.
   * @returns The file, without any bytes.
   */
  static async create(
    io: Io,
    datadir: string,
    owner: Ownership,
    options: StagingOptions,
  ): Promise<StagedFile> {
    // Until it has its own mode, only its owner can read it.
    const mode = options.mode > 0 ? 0o600 : 0o666;
    return new StagedFile(io, owner, await makeTemporary(io, datadir, "image", mode), options);
  }

  /** Where the bytes are until it is published. */
  get path(): string {
    return this.#file.path;
  }

  /** Writes the next bytes; `sparse` leaves zeros out though the store is not configured to. */
  async write(bytes: Bytes, sparse: boolean = this.#options.sparse): Promise<void> {
    const runs = sparse ? dataRuns(bytes, HOLE_SIZE) : [[0, bytes.length] as const];
    let end = 0;
    for (const run of runs) {
      await this.#file.write(bytes.subarray(run[0], run[1]), this.#size + run[0]);
      this.#unflushed += run[1] - run[0];
      end = run[1];
    }
    this.#size += bytes.length;
    if (bytes.length > 0) this.#hasHoleAtEnd = end < bytes.length;
    if (this.#unflushed < FLUSH_SIZE) return;
    // Otherwise the end of the add would wait for the disk alone.
    await this.#flushing;
    this.#unflushed = 0;
    this.#flushing = this.#file.sync();
    this.#flushing.catch(() => {});
  }

  /** Counts what {@linkcode write} writes of bytes, but for the zeros that are left out. */
  countData(bytes: Uint8Array): number {
    return this.#options.sparse ? countData(bytes, HOLE_SIZE) : bytes.length;
  }

  /** Leaves out the next bytes, which are zeros: at least one. */
  skip(length: number): void {
    this.#size += length;
    this.#hasHoleAtEnd = true;
  }

  /**
   * Makes it the image at `path`. Its digests come first.
   *
   * @param datadirs The datadirs of the store.
   * @param path The path of the image.
   * @param digests Its digests, where they are known.
   * @throws {Duplicate} If there is an image of that id.
   */
  async publish(datadirs: Datadirs, path: string, digests: Digests | undefined): Promise<void> {
    const io = this.#io;
    const { mode } = this.#options;
    // The last bytes may have been left out.
    if (this.#hasHoleAtEnd) await this.#file.truncate(this.#size);
    if (mode > 0) await io.wait(chmod(this.path, mode));
    await giveTo(io, this.path, this.#owner, this.#file.owner);
    await this.#flushing;
    await this.#file.sync();
    const stats = await io.wait(stat(this.path, { bigint: true }));
    await linkImage(io, datadirs, this.path, path, mode, async (place) => {
      if (!digests) return;
      const { checksum, multihash, inspection } = digests;
      const record = this.#record = { ...place, stats };
      // An image without them is whole all the same.
      const owner = { ...this.#owner, mode: Number(stats.mode) };
      await keepDigests(io, record, { checksum, multihash, inspection }, owner, this.#file.owner)
        .catch(() => {});
    });
    await this.#file.remove();
  }

  /** Removes what was written. */
  async discard(): Promise<void> {
    if (this.#record) await forgetDigests(this.#io.cleanup, this.#record);
    await this.#file.remove();
  }
}
