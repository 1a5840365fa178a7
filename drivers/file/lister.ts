/**
 * Listing the images of datadirs.
 *
 * @module
 */
import type { Stats } from "node:fs";
import { Invalid, NotFound } from "../../errors/mod.ts";
import type { ListEntry, ListScanOptions, ScanOptions } from "../../store/types.ts";
import { type Datadirs, missing } from "./datadirs.ts";
import { namesIn } from "./directory_names.ts";
import { NOWHERE, storeError, unless } from "./errors.ts";
import type { Io } from "./io.ts";
import { isReserved } from "./file_names.ts";
import { checkFileId } from "./location.ts";
import { lstat, stat } from "./system.ts";

/** A directory of one datadir. */
interface Place {
  datadir: string;
  /** Its path in the datadir, `""` for the datadir itself. */
  directory: string;
  /** The directories above it without symbolic links, the outermost first. */
  above: readonly string[];
}

/** Lists the images of a store, and reports what it passes over. */
export class Lister {
  readonly #io: Io;
  readonly #datadirs: Datadirs;
  readonly #onSkipped: ScanOptions["onSkipped"];
  readonly #onDirectory: ListScanOptions["onDirectory"];
  readonly #reported = new Set<string>();

  /**
   * Creates a lister for one listing.
   *
   * @param io Waits for the calls.
   * @param datadirs The datadirs of the store.
   * @param options What is called with each name that is passed over, and with each directory that is
   * looked into.
   */
  constructor(
    io: Io,
    datadirs: Datadirs,
    { onSkipped, onDirectory }: Pick<ListScanOptions, "onSkipped" | "onDirectory">,
  ) {
    this.#io = io;
    this.#datadirs = datadirs;
    this.#onSkipped = onSkipped;
    this.#onDirectory = onDirectory;
  }

  /**
   * Lists the names in a directory of all datadirs, each once: of the first datadir that has it.
   *
   * @param directory The directory, `""` for the root.
   * @param recursive Whether to list all images below it.
   * @param mayBeMissing Whether a datadir that is missing is empty.
   * @returns The entries.
   */
  async *list(
    directory: string,
    recursive: boolean,
    mayBeMissing: boolean,
  ): AsyncGenerator<ListEntry> {
    const { paths } = this.#datadirs;
    const readable: string[] = [];
    for (const datadir of paths) {
      try {
        if (await unless(NOWHERE, this.#io.wait(stat(datadir)))) readable.push(datadir);
        else if (!mayBeMissing) throw missing(datadir);
      } catch (error) {
        if (paths.length === 1) throw error;
        this.#skip(datadir, error);
      }
    }
    if (readable.length === 0 && paths.length > 1 && !mayBeMissing) throw missing(paths[0]!);
    const failures: unknown[] = [];
    for (const [index, datadir] of readable.entries()) {
      const before = readable.slice(0, index);
      try {
        for await (const entry of this.#entries({ datadir, directory, above: [] }, recursive)) {
          if (!await this.#isIn(before, entry)) yield entry;
        }
      } catch (error) {
        // What is in one datadir can be listed whatever becomes of the others.
        if (failures.push(error) === readable.length) throw failures[0];
        this.#skip(directory === "" ? datadir : this.#datadirs.pathIn(datadir, directory), error);
      }
    }
  }

  /** Whether one of the datadirs has the entry. */
  async #isIn(datadirs: readonly string[], { path, kind }: ListEntry): Promise<boolean> {
    for (const datadir of datadirs) {
      const found = await this.#look(this.#datadirs.pathIn(datadir, path), path);
      if (found?.isFile() && kind === "image") return true;
      if (found?.isDirectory() && kind === "directory") {
        if (await this.#holdsImages({ datadir, directory: path, above: [] })) return true;
      }
    }
    return false;
  }

  /** Whether there is an image anywhere below a directory. */
  async #holdsImages(place: Place): Promise<boolean> {
    for await (const _ of this.#entries(place, true)) return true;
    return false;
  }

  async *#entries(place: Place, recursive: boolean): AsyncGenerator<ListEntry> {
    const { datadir, directory, above } = place;
    const path = directory === "" ? datadir : this.#datadirs.pathIn(datadir, directory);
    try {
      const real = await unless(NOWHERE, this.#datadirs.real(this.#io, path));
      if (real === undefined) return;
      if (above.includes(real.path)) {
        throw new Invalid("it is a symbolic link to a directory above it");
      }
      if (directory !== "") this.#onDirectory?.(directory);
      const inside = [...above, real.path];
      for await (const name of namesIn(this.#io, real.path, NOWHERE)) {
        if (directory === "" && isReserved(name)) continue;
        const id = directory === "" ? name : `${directory}/${name}`;
        const stats = await this.#statsOf(`${real.path}/${name}`, id);
        if (stats?.isFile()) {
          yield { path: id, kind: "image", size: stats.size, modified: stats.mtime };
        } else if (stats?.isDirectory()) {
          const below = { datadir, directory: id, above: inside };
          if (recursive) yield* this.#entries(below, true);
          else if (await this.#holdsImages(below)) yield { path: id, kind: "directory" };
        } else if (stats) {
          this.#skip(id, new Invalid("it is no regular file"));
        }
      }
    } catch (error) {
      // The directory that was to be listed is for the caller to hear of.
      if (above.length === 0) throw error;
      this.#skip(directory, error);
    }
  }

  /** What is at a path, where an image may have that id. */
  async #statsOf(path: string, id: string): Promise<Stats | undefined> {
    try {
      checkFileId(id);
      const stats = await unless(NOWHERE, this.#io.wait(lstat(path)));
      // The runtime puts this character for what is no UTF-8, and the name leads nowhere.
      if (!stats && id.includes("\ufffd")) throw new Invalid("its name is not UTF-8");
      return stats?.isSymbolicLink() ? await this.#look(path, id) : stats;
    } catch (error) {
      this.#skip(id, error);
      return undefined;
    }
  }

  /** What is at a path, unless a symbolic link leads nowhere or out of the datadirs. */
  async #look(path: string, id: string): Promise<Stats | undefined> {
    try {
      const real = await unless(NOWHERE, this.#datadirs.real(this.#io, path));
      if (real) return await unless(NOWHERE, this.#io.wait(stat(real.path)));
      const isLink = await unless(NOWHERE, this.#io.wait(lstat(path)));
      if (isLink) throw new NotFound("it is a symbolic link that leads nowhere");
    } catch (error) {
      this.#skip(id, error);
    }
    return undefined;
  }

  /** Reports what is passed over, once, unless the listing itself was ended. */
  #skip(path: string, error: unknown): void {
    const reason = storeError(error, "read");
    if (!(reason instanceof Error) || this.#io.isAborted) throw error;
    if (!this.#reported.has(path)) this.#onSkipped({ path, reason });
    this.#reported.add(path);
  }
}
