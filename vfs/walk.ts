/**
 * Walking through the tree. One directory that cannot be listed does not end the walk.
 *
 * @module
 */
import type { OperationOptions, SkippedEntry } from "../store/mod.ts";
import { isAbort, NotFound } from "../errors/mod.ts";
import { checkTreeOptions } from "./errors.ts";
import type { DirEntry, FileInfo } from "./file_info.ts";
import { joinPath, parsePath } from "./path.ts";

/** Options of {@linkcode Vfs.readTree}. */
export interface ReadTreeOptions extends OperationOptions {
  /**
   * Called with each name that is passed over: it cannot be read, or no path of the tree can name it.
   * Default: such names are left out.
   */
  onSkipped?: ((skipped: SkippedEntry) => void) | undefined;
}

/** Options of {@linkcode Vfs.readDir}. */
export interface ReadDirOptions extends ReadTreeOptions {
  /**
   * Only entries after this name, which need not exist: the name of the last entry that was read before, with
   * a slash at its end if that is a directory. Default: all.
   */
  startAfter?: string | undefined;
  /**
   * How many entries at most. They are the first ones, in the order of the bytes of their names in UTF-8,
   * with a slash at the end of a directory's. Default: all, in no particular order.
   */
  limit?: number | undefined;
}

/** Options of {@linkcode Vfs.glob}. */
export interface GlobOptions extends OperationOptions {
  /** Whether directories are yielded. Default: `true`. */
  includeDirs?: boolean | undefined;
  /**
   * Called with each directory that cannot be listed, and with each name that is passed over. Default:
   * such names are left out, and once all the rest has been yielded, the error of the first directory
   * that could not be listed is thrown.
   */
  onSkipped?: ((skipped: SkippedEntry) => void) | undefined;
}

/** Options of {@linkcode Vfs.walk}. */
export interface WalkOptions extends GlobOptions {
  /**
   * How many levels to go down, as in `@std/fs`: 0 yields the path itself, 1 also the names in it.
   * Default: all.
   */
  maxDepth?: number | undefined;
}

/** What a walk or a glob yields. */
export interface WalkEntry extends DirEntry {
  /** The path of the tree. */
  path: string;
}

/** The tree as a walk needs it. {@linkcode Vfs} is one. */
export interface WalkableTree {
  /**
   * Yields the names in a directory.
   *
   * @param path The path of the directory.
   * @param options What to call with names that are passed over, the caller and an abort signal.
   * @returns Images and directories, in any order.
   */
  readDir(path: string, options?: ReadDirOptions): AsyncGenerator<DirEntry>;
  /**
   * Reads what is known of an image or a directory.
   *
   * @param path The path of either.
   * @param options The caller, and an abort signal.
   * @returns Size in bytes, date, ETag and digests, as far as they are known.
   */
  stat(path: string, options?: OperationOptions): Promise<FileInfo>;
  /**
   * Yields everything below a directory by one listing, each directory before what it holds. `undefined`
   * says that the directories are to be read one by one.
   */
  readTree?(path: string, options?: ReadTreeOptions): AsyncGenerator<WalkEntry> | undefined;
}

/** Lists the directories of a walk, and remembers what could not be listed. */
export class DirectoryReader {
  readonly #tree: WalkableTree;
  readonly #options: GlobOptions;
  #failure: { error: unknown } | undefined;

  /**
   * Starts a walk.
   *
   * @param tree The tree.
   * @param options The options of the walk.
   */
  constructor(tree: WalkableTree, options: GlobOptions) {
    this.#tree = tree;
    this.#options = options;
  }

  /**
   * Yields the entries of a directory. One that does not exist, or no longer, is empty.
   *
   * @param path The path of the directory.
   * @returns The entries, with their paths.
   */
  async *read(path: string): AsyncGenerator<WalkEntry> {
    const { signal, context, onSkipped } = this.#options;
    try {
      for await (const entry of this.#tree.readDir(path, { signal, context, onSkipped })) {
        yield { ...entry, path: joinName(path, entry.name) };
      }
    } catch (error) {
      this.skip(path, error);
    }
  }

  /**
   * Yields everything below a directory, each directory before what it holds: by one listing where the
   * tree can do that.
   *
   * @param path The path of the directory.
   * @param depth How many levels to go down.
   * @returns The entries, with their paths.
   */
  async *below(path: string, depth: number): AsyncGenerator<WalkEntry> {
    if (depth < 1) return;
    const whole = depth === Infinity ? this.whole(path) : undefined;
    if (whole) return yield* whole;
    for await (const entry of this.read(path)) {
      yield entry;
      if (entry.isDirectory) yield* this.below(entry.path, depth - 1);
    }
  }

  /**
   * Yields everything below a directory by one listing, each directory before what it holds.
   *
   * @param path The path of the directory.
   * @returns The entries, with their paths; `undefined` if the directories are to be read one by one.
   */
  whole(path: string): Iterable<WalkEntry> | AsyncIterable<WalkEntry> | undefined {
    const { signal, context, onSkipped } = this.#options;
    try {
      const entries = this.#tree.readTree?.(path, { signal, context, onSkipped });
      return entries && this.#untilFailure(path, entries);
    } catch (error) {
      this.skip(path, error);
      return [];
    }
  }

  async *#untilFailure(
    path: string,
    entries: AsyncIterable<WalkEntry>,
  ): AsyncGenerator<WalkEntry> {
    try {
      for await (const entry of entries) yield entry;
    } catch (error) {
      this.skip(path, error);
    }
  }

  /**
   * Reads what is known of a path.
   *
   * @param path The path of an image or a directory.
   * @returns The entry, or `undefined` if there is none.
   */
  async stat(path: string): Promise<WalkEntry | undefined> {
    const { signal, context } = this.#options;
    try {
      const info = await this.#tree.stat(path, { signal, context });
      return { ...info, name: parsePath(path).segments.at(-1) ?? "/", path };
    } catch (error) {
      this.skip(path, error);
      return undefined;
    }
  }

  /**
   * Passes over a path: reports it, or remembers its error for {@linkcode finish}.
   *
   * @param path The path.
   * @param error Why it is passed over. `NotFound` is no failure: what vanished is not left out.
   * @throws {unknown} The error itself, if it is an abort or the fault of the walk.
   */
  skip(path: string, error: unknown): void {
    const { signal, onSkipped } = this.#options;
    if (error instanceof NotFound) return;
    if (signal?.aborted || isAbort(error, signal) || !(error instanceof Error)) throw error;
    if (onSkipped) onSkipped({ path, reason: error });
    else this.#failure ??= { error };
  }

  /**
   * Ends the walk.
   *
   * @throws {unknown} The error of the first path that was passed over and not reported.
   */
  finish(): void {
    if (this.#failure) throw this.#failure.error;
  }
}

/**
 * Yields a path and everything below it, each directory before what it holds.
 *
 * @param tree The tree.
 * @param path The path to start from.
 * @param options How deep to go, and what to yield.
 * @returns The entries.
 * @throws {NotFound} If there is nothing at the path.
 */
export async function* walk(
  tree: WalkableTree,
  path: string,
  options: WalkOptions,
): AsyncGenerator<WalkEntry> {
  await checkTreeOptions("walk", path, options);
  const { maxDepth = Infinity, includeDirs = true, signal, context } = options;
  if (maxDepth < 0) return;
  const root = joinPath(parsePath(path).segments);
  const info = await tree.stat(path, { signal, context });
  const entry = { ...info, name: parsePath(path).segments.at(-1) ?? "/", path: root };
  if (entry.isFile || includeDirs) yield entry;
  if (entry.isFile) return;
  const reader = new DirectoryReader(tree, options);
  for await (const below of reader.below(root, maxDepth)) {
    if (below.isFile || includeDirs) yield below;
  }
  reader.finish();
}

/**
 * Returns the path of a name in a directory.
 *
 * @param path The path of the directory, without a slash at its end; `/` for the root.
 * @param name The name.
 * @returns The path.
 */
export function joinName(path: string, name: string): string {
  return `${path === "/" ? "" : path}/${name}`;
}
