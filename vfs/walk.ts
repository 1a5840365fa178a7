/**
 * Walks through the tree, and what a pattern matches in it.
 *
 * @module
 */
import type { OperationOptions } from "../store/mod.ts";
import { Invalid, NotFound } from "../errors/mod.ts";
import type { DirEntry, FileInfo } from "./file_info.ts";
import { joinPath, parsePath } from "./path.ts";

/** The tree as a walk needs it. {@linkcode Vfs} is one. */
export interface WalkableTree {
  /** Yields the names in a directory. */
  readDir(path: string, options?: OperationOptions): AsyncGenerator<DirEntry>;
  /** Resolves to what is known of an image or a directory. */
  stat(path: string, options?: OperationOptions): Promise<FileInfo>;
}

/** What a walk comes across. */
export interface WalkEntry extends DirEntry {
  /** The path of the tree. */
  path: string;
}

/** Options of {@linkcode Vfs.glob}. */
export interface GlobOptions extends OperationOptions {
  /** Whether directories are given; they are by default. */
  includeDirs?: boolean | undefined;
}

/** Options of {@linkcode Vfs.walk}. */
export interface WalkOptions extends GlobOptions {
  /** How many levels down, 1 for the directory's own names; all by default. */
  maxDepth?: number | undefined;
}

/** Everything below a directory, each directory before what it holds. */
export async function* walk(
  tree: WalkableTree,
  path: string,
  options: WalkOptions,
): AsyncGenerator<WalkEntry> {
  const { maxDepth = Infinity, includeDirs = true } = options;
  const parent = joinPath(parsePath(path).segments);
  const deeper = { ...options, maxDepth: maxDepth - 1 };
  for await (const entry of tree.readDir(parent, options)) {
    const at = `${parent === "/" ? "" : parent}/${entry.name}`;
    if (entry.isFile || includeDirs) yield { ...entry, path: at };
    if (entry.isDirectory && maxDepth > 1) yield* walk(tree, at, deeper);
  }
}

/** The part of picomatch that is used. */
interface Picomatch {
  (pattern: string, options: { dot: boolean; nonegate: boolean }): (path: string) => boolean;
  scan(pattern: string): { base: string; isGlob: boolean };
}

/** Everything that a pattern matches. */
export async function* glob(
  tree: WalkableTree,
  pattern: string,
  options: GlobOptions,
): AsyncGenerator<WalkEntry> {
  if (!pattern.startsWith("/")) {
    throw new Invalid(`the pattern "${pattern}" does not start with "/"`);
  }
  const picomatch: Picomatch = (await import("picomatch/posix.js")).default;
  const { base, isGlob } = picomatch.scan(pattern);
  try {
    if (!isGlob) {
      const { segments } = parsePath(pattern);
      const info = await tree.stat(pattern, options);
      yield { ...info, name: segments.at(-1) ?? "", path: pattern };
      return;
    }
    const root = base || "/";
    const matches = picomatch(pattern, { dot: true, nonegate: true });
    const bounded = !/\*\*|[{(]/.test(pattern);
    const depth = parsePath(pattern).segments.length - parsePath(root).segments.length;
    const found = walk(tree, root, { ...options, maxDepth: bounded ? depth : undefined });
    for await (const entry of found) if (matches(entry.path)) yield entry;
  } catch (error) {
    // A pattern that matches nothing is no error.
    if (!(error instanceof NotFound)) throw error;
  }
}
