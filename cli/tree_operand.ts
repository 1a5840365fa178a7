/**
 * A directory as an operand: of the tree, or a local one, which is seen as a file store.
 *
 * @module
 */
import { resolve } from "@std/path/resolve";
import { FileStore } from "../drivers/file/mod.ts";
import { pathMatcher } from "../vfs/glob.ts";
import { Vfs } from "../vfs/mod.ts";
import type { TreeRoot } from "../vfs/tree_work.ts";
import { type Arguments, type CommandOption, type Session, UsageError } from "./command.ts";
import { isLocalDirectory } from "./local.ts";
import { parsePlace } from "./place.ts";
import { isLocation } from "./tree.ts";

/** A directory, which is closed after use. */
export interface OpenTree extends TreeRoot, AsyncDisposable {}

/**
 * Opens a directory.
 *
 * @param session The session, for its path tree.
 * @param operand A path of the tree, or a local directory: `./x`, `../x` or `file:///x`.
 * @param isTarget Whether a local directory that is missing is created with the first image.
 * @returns The directory.
 * @throws {UsageError} If the operand is neither.
 * @throws {NotFound} If a local directory is missing that is no target.
 */
export async function openTreeOperand(
  session: Session,
  operand: string,
  isTarget = false,
): Promise<OpenTree> {
  const place = parsePlace(operand);
  if (place.kind === "standard" || isLocation(place.path)) {
    throw new UsageError(`${operand}: not a directory of the tree, and no local one`);
  }
  if (place.kind === "tree") {
    const vfs = await session.vfs();
    // The tree belongs to the session.
    return { vfs, path: place.path, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  if (!isTarget && !await isLocalDirectory(place.path)) {
    throw new UsageError(`${operand}: is no directory`);
  }
  const store = new FileStore("local", {
    datadir: resolve(place.path),
    createDatadir: isTarget,
  });
  const vfs = new Vfs({ local: store });
  return { vfs, path: "/local", [Symbol.asyncDispose]: () => vfs.close() };
}

/** The options that say which images of a tree count. */
export const FILTERS: readonly CommandOption[] = [
  {
    name: "include",
    value: "GLOB",
    repeated: true,
    help: "only images whose path or name matches",
  },
  {
    name: "exclude",
    value: "GLOB",
    repeated: true,
    help: "leave out images whose path or name matches",
  },
];

/**
 * Returns what decides which images of a tree count.
 *
 * @param args The arguments, with `--include` and `--exclude`.
 * @returns Returns whether an image counts, by its path from the root of its tree.
 * @throws {Invalid} If a pattern is not valid.
 */
export async function filterOf(args: Arguments): Promise<(path: string) => boolean> {
  const [include, exclude] = await Promise.all(
    ["include", "exclude"].map((name) => Promise.all(args.values(name).map(pathMatcher))),
  );
  return (path) =>
    (include!.length === 0 || include!.some((matches) => matches(path))) &&
    !exclude!.some((matches) => matches(path));
}
