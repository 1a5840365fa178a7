/**
 * What is in directories, with sizes and dates: of small ones by asynchronous calls, of large ones on a thread.
 *
 * @module
 */
import type { Stats } from "node:fs";
import { namesIn } from "./directory_names.ts";
import { NOWHERE } from "./errors.ts";
import type { Io } from "./io.ts";
import { type FoundKind, type FoundName, ScanThread } from "./scan_thread.ts";
import { lstat } from "./system.ts";

/** To start a thread takes as much time as it saves on some hundred names. */
const NAMES_BEFORE_THREAD = 200;

/** How many names are looked at side by side without a thread. */
const BATCH = 32;

/** Lists the directories of one listing. */
export class DirectoryScanner {
  readonly #io: Io;
  /** How many names have been looked at without a thread. */
  #names = 0;
  #thread: ScanThread | undefined;
  #isWithoutThread = false;

  /**
   * Creates a scanner, which starts a thread when there is enough for it to do.
   *
   * @param io Waits for the calls.
   */
  constructor(io: Io) {
    this.#io = io;
  }

  /**
   * Lists a directory.
   *
   * @param path The path of the directory, without symbolic links.
   * @returns What is there, in batches. None if there is no directory.
   */
  async *scan(path: string): AsyncGenerator<FoundName[]> {
    const thread = this.#threadIfWorth();
    if (thread) return yield* thread.scan(this.#io, path);
    const seen = new Set<string>();
    const names: string[] = [];
    for await (const name of namesIn(this.#io, path, NOWHERE)) {
      if (names.push(name) < BATCH) continue;
      yield await this.#lookAt(path, names);
      this.#names += BATCH;
      for (const one of names.splice(0)) seen.add(one);
      const started = this.#threadIfWorth();
      if (started === undefined) continue;
      // The thread begins the directory anew.
      for await (const batch of started.scan(this.#io, path)) {
        yield seen.size === 0 ? batch : batch.filter(({ name }) => !seen.delete(name));
      }
      return;
    }
    yield await this.#lookAt(path, names);
    this.#names += names.length;
  }

  /** Ends the thread. */
  close(): void {
    this.#thread?.close();
  }

  /** Returns the thread, started when it is worth it; `undefined` before, and if none may be started. */
  #threadIfWorth(): ScanThread | undefined {
    if (this.#names < NAMES_BEFORE_THREAD || this.#isWithoutThread) return this.#thread;
    this.#thread ??= ScanThread.start();
    this.#isWithoutThread = this.#thread === undefined;
    return this.#thread;
  }

  async #lookAt(path: string, names: readonly string[]): Promise<FoundName[]> {
    return await Promise.all(names.map((name) => this.#look(name, `${path}/${name}`)));
  }

  async #look(name: string, path: string): Promise<FoundName> {
    try {
      const stats = await this.#io.wait(lstat(path));
      return { name, kind: kindOf(stats), size: stats.size, modified: stats.mtime };
    } catch (error) {
      if (this.#io.isAborted) throw error;
      // It is looked at again by the caller, who reports why.
      return { name, kind: "unknown", size: 0, modified: new Date(0) };
    }
  }
}

function kindOf(stats: Stats): FoundKind {
  if (stats.isSymbolicLink()) return "unknown";
  return stats.isFile() ? "file" : stats.isDirectory() ? "directory" : "other";
}
