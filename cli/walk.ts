/**
 * Listings of the tree, for commands that go on if one store or directory fails.
 *
 * @module
 */
import { BitMasks } from "../capabilities/mod.ts";
import { StoreListNotSupported } from "../errors/mod.ts";
import type { SkippedEntry } from "../store/mod.ts";
import type { DirEntry, ReadDirOptions, Vfs } from "../vfs/mod.ts";
import type { Session } from "./command.ts";

/** More names than any directory has: a page with a limit is in order. */
const MOST_NAMES = 2 ** 40;

/** A name in a directory, with its path. */
export interface Line extends DirEntry {
  /** The path of the tree. */
  path: string;
}

/**
 * Lists a directory in the order of names. Below it, what fails is reported and the rest goes on; a
 * store that cannot list has nothing below it.
 *
 * @param vfs The tree.
 * @param path The directory.
 * @param recursive Whether everything below is listed too, each directory before its content.
 * @param session The caller, the abort signal, and what takes reports by default.
 * @param fail Takes a failure and the path of the directory. Default: `session.fail`.
 * @returns The entries with their paths: all at once where one listing shows them.
 * @throws {StoreError} If the directory itself cannot be listed.
 */
export async function linesBelow(
  vfs: Vfs,
  path: string,
  recursive: boolean,
  session: Session,
  fail: (error: unknown, path: string) => void = (error) => session.fail(error),
): Promise<Iterable<Line> | AsyncIterable<Line>> {
  const whole = recursive ? await sortedTree(vfs, path, session, fail) : undefined;
  return whole ?? linesByDirectory(vfs, path, recursive, session, fail);
}

/**
 * Lists a directory as {@linkcode linesBelow} does, entry by entry.
 *
 * @param args The arguments of {@linkcode linesBelow}.
 * @returns The entries with their paths.
 */
export async function* below(...args: Parameters<typeof linesBelow>): AsyncGenerator<Line> {
  yield* await linesBelow(...args);
}

async function* linesByDirectory(
  vfs: Vfs,
  path: string,
  recursive: boolean,
  session: Session,
  fail: (error: unknown, path: string) => void,
): AsyncGenerator<Line> {
  const base = path.endsWith("/") ? path : `${path}/`;
  for (const entry of await sorted(vfs, path, session, fail)) {
    const at = base + entry.name;
    yield { ...entry, path: at };
    if (!recursive || !entry.isDirectory) continue;
    try {
      yield* below(vfs, at, true, session, fail);
    } catch (error) {
      if (!isOfStoreWithoutLists(vfs, error)) fail(error, at);
    }
  }
}

/**
 * Lists a page of a directory: the names after one, the first of them if there is a limit.
 *
 * @param vfs The tree.
 * @param path The directory.
 * @param page The name to start after, and how many entries are wanted.
 * @param session The caller, the abort signal, and what takes reports.
 * @returns The entries with their paths, in the order of names, a directory's with a slash.
 * @throws {StoreError} If the directory cannot be listed.
 */
export async function* pageBelow(
  vfs: Vfs,
  path: string,
  page: Pick<ReadDirOptions, "startAfter" | "limit">,
  session: Session,
): AsyncGenerator<Line> {
  const base = path.endsWith("/") ? path : `${path}/`;
  const onSkipped = (skipped: SkippedEntry) => session.fail(skippedError(skipped));
  const options = { ...page, limit: page.limit ?? MOST_NAMES };
  for await (const entry of vfs.readDir(path, { ...session.options, ...options, onSkipped })) {
    yield { ...entry, path: base + entry.name };
  }
}

/**
 * Returns whether an error means that a store can list nothing at all. If it means one directory of a
 * store that can list, it is a failure.
 *
 * @param vfs The tree.
 * @param error The error.
 * @returns Whether the store cannot list.
 */
export function isOfStoreWithoutLists({ stores }: Vfs, error: unknown): boolean {
  return error instanceof StoreListNotSupported && error.store !== undefined &&
    !stores.getStoreFromStoreIdentifier(error.store).isCapable(BitMasks.LIST);
}

/**
 * Lists one directory in the order of names. The whole directory is held in memory.
 *
 * @param vfs The tree.
 * @param path The directory.
 * @param session The caller, the abort signal, and what takes reports by default.
 * @param fail Takes what is passed over, with its path. Default: `session.fail`.
 * @returns The entries.
 * @throws {StoreError} If the directory cannot be listed.
 */
export async function sorted(
  vfs: Vfs,
  path: string,
  session: Session,
  fail: (error: unknown, path: string) => void = (error) => session.fail(error),
): Promise<DirEntry[]> {
  const onSkipped = (skipped: SkippedEntry) => fail(skippedError(skipped), skipped.path);
  return (await Array.fromAsync(vfs.readDir(path, { ...session.options, onSkipped }))).sort(byName);
}

/**
 * Lists everything below a directory, in the order in which the names of one directory after the other are
 * sorted, if one listing shows it.
 */
async function sortedTree(
  vfs: Vfs,
  path: string,
  session: Session,
  fail: (error: unknown, path: string) => void,
): Promise<Line[] | undefined> {
  const onSkipped = (skipped: SkippedEntry) => fail(skippedError(skipped), skipped.path);
  const tree = vfs.readTree(path, { ...session.options, onSkipped });
  if (!tree) return undefined;
  const lines = await Array.fromAsync(tree);
  // The root of a store may be empty. Another directory is there only with what it holds.
  if (lines.length === 0) await sorted(vfs, path, session, () => {});
  // No name has a character that sorts before the end of a shorter one.
  const byKey = new Map(lines.map((line) => {
    const key = line.path.replaceAll("/", "\0");
    return [line.isDirectory ? `${key}\0` : key, line];
  }));
  return [...byKey.keys()].sort().map((key) => byKey.get(key)!);
}

/**
 * Returns the error that reports what a listing passed over.
 *
 * @param skipped The path, and why it was passed over.
 * @returns An error whose message has both.
 */
export function skippedError({ path, reason }: SkippedEntry): Error {
  return new Error(`${path}: passed over: ${reason.message}`, { cause: reason });
}

/**
 * Compares two entries by their names.
 *
 * @param a The one.
 * @param b The other.
 * @returns A negative number if `a` comes first, a positive one if `b` does, else 0.
 */
export function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
