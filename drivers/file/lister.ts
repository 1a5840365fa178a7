/**
 * Listing the images of datadirs.
 *
 * @module
 */
import type { Stats } from "node:fs";
import { Invalid, NotFound } from "../../errors/mod.ts";
import type { ListEntry, ListScanOptions, ScanOptions } from "../../store/types.ts";
import { type Datadirs, missing } from "./datadirs.ts";
import { DirectoryScanner } from "./directory_scanner.ts";
import { NOWHERE, storeError, unless } from "./errors.ts";
import type { Io } from "./io.ts";
import { isReserved } from "./file_names.ts";
import { checkFileId } from "./location.ts";
import type { FoundName } from "./scan_thread.ts";
import { lstat, stat } from "./system.ts";

/** A directory of one datadir. */
interface Place {
  datadir: string;
  /** Its path in the datadir, `""` for the datadir itself. */
  directory: string;
  /** The directories that led to it, without symbolic links, the outermost first. */
  above: readonly string[];
}

/** Lists the images of a store, and reports what it passes over. */
export class Lister {
  readonly #io: Io;
  readonly #datadirs: Datadirs;
  readonly #scanner: DirectoryScanner;
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
    this.#scanner = new DirectoryScanner(io);
    this.#onSkipped = onSkipped;
    this.#onDirectory = onDirectory;
  }

  /**
   * Lists the names in a directory of all datadirs, each once: of the first datadir that has it.
   *
   * @param directory The directory, `""` for the root.
   * @param recursive Whether to list all images below it.
   * @param mayBeMissing Whether a datadir that is missing is empty.
   * @returns The entries, in batches.
   */
  async *list(
    directory: string,
    recursive: boolean,
    mayBeMissing: boolean,
  ): AsyncGenerator<ListEntry[]> {
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
        for await (const entries of this.#entries({ datadir, directory, above: [] }, recursive)) {
          yield before.length === 0 ? entries : await this.#without(before, entries);
        }
      } catch (error) {
        // What is in one datadir can be listed whatever becomes of the others.
        if (failures.push(error) === readable.length) throw failures[0];
        this.#skip(directory === "" ? datadir : this.#datadirs.pathIn(datadir, directory), error);
      }
    }
  }

  /** Ends what works for the listing. */
  close(): void {
    this.#scanner.close();
  }

  /** Returns the entries that none of the datadirs has. */
  async #without(datadirs: readonly string[], entries: ListEntry[]): Promise<ListEntry[]> {
    const others: ListEntry[] = [];
    for (const entry of entries) if (!await this.#isIn(datadirs, entry)) others.push(entry);
    return others;
  }

  /** Whether one of the datadirs has the entry. */
  async #isIn(datadirs: readonly string[], { path, kind }: ListEntry): Promise<boolean> {
    for (const datadir of datadirs) {
      const found = await this.#look(this.#datadirs.pathIn(datadir, path), path);
      if (kind === "image" ? found?.isFile() : found?.isDirectory()) return true;
    }
    return false;
  }

  /** Lists a directory of a datadir, and with `recursive` one directory below it after the other. */
  async *#entries(root: Place, recursive: boolean): AsyncGenerator<ListEntry[]> {
    const places = [root];
    for (let place = places.pop(); place; place = places.pop()) {
      try {
        const inside = await this.#enter(place);
        if (inside === undefined) continue;
        for await (const names of this.#scanner.scan(inside.at(-1)!)) {
          const entries = await this.#entriesOf(names, place, inside);
          yield recursive ? entries.filter(({ kind }) => kind === "image") : entries;
          if (!recursive) continue;
          for (const { path, kind } of entries) {
            if (kind === "image") continue;
            places.push({ datadir: place.datadir, directory: path, above: inside });
          }
        }
      } catch (error) {
        // The directory that was to be listed is for the caller to hear of.
        if (place === root) throw error;
        this.#skip(place.directory, error);
      }
    }
  }

  /**
   * Returns the path of a directory without symbolic links, behind those of the directories above it, or
   * `undefined` if it is gone.
   */
  async #enter({ datadir, directory, above }: Place): Promise<string[] | undefined> {
    const path = directory === "" ? datadir : this.#datadirs.pathIn(datadir, directory);
    const real = await unless(NOWHERE, this.#datadirs.real(this.#io, path));
    if (real === undefined) return undefined;
    checkApart(real.path, above);
    if (directory !== "") this.#onDirectory?.(directory);
    return [...above, real.path];
  }

  /** Returns the images and directories among the names in a directory. */
  async #entriesOf(
    names: readonly FoundName[],
    { directory }: Place,
    inside: readonly string[],
  ): Promise<ListEntry[]> {
    const entries: ListEntry[] = [];
    for (const { name, kind, size, modified } of names) {
      if (directory === "" && isReserved(name)) continue;
      const path = directory === "" ? name : `${directory}/${name}`;
      try {
        checkFileId(path);
        if (kind === "file") entries.push({ path, kind: "image", size, modified });
        else if (kind === "directory") entries.push({ path, kind });
        else if (kind === "other") throw new Invalid("it is no regular file");
        else entries.push(...await this.#entryAt(`${inside.at(-1)}/${name}`, path, inside));
      } catch (error) {
        this.#skip(path, error);
      }
    }
    return entries;
  }

  /** Returns the image or the directory that a symbolic link leads to; none if the name is gone. */
  async #entryAt(place: string, path: string, inside: readonly string[]): Promise<ListEntry[]> {
    let stats = await unless(NOWHERE, this.#io.wait(lstat(place)));
    // The runtime puts this character for what is no UTF-8, and the name leads nowhere.
    if (!stats && path.includes("\ufffd")) throw new Invalid("its name is not UTF-8");
    if (stats?.isSymbolicLink()) stats = await this.#look(place, path);
    if (stats === undefined) return [];
    if (stats.isFile()) return [{ path, kind: "image", size: stats.size, modified: stats.mtime }];
    if (!stats.isDirectory()) throw new Invalid("it is no regular file");
    checkApart((await this.#datadirs.real(this.#io, place)).path, inside);
    return [{ path, kind: "directory" }];
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

/** Checks that a directory is none of those that led to it, and not above the last of them. */
function checkApart(path: string, inside: readonly string[]): void {
  const isAbove = `${inside.at(-1) ?? ""}/`.startsWith(`${path}/`);
  if (isAbove || inside.includes(path)) {
    throw new Invalid("it is a symbolic link to a directory above it");
  }
}
