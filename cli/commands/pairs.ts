/**
 * The images that the operands of `vitrine cp` and `vitrine mv` mean, each with its target.
 *
 * @module
 */
import { resolve } from "@std/path";
import { NotFound } from "../../errors/mod.ts";
import type { Vfs } from "../../vfs/mod.ts";
import { type Arguments, type Session, UsageError } from "../command.ts";
import { filesBelow, isLocalDirectory } from "../local.ts";
import {
  childOf,
  formatPlace,
  type LocalPlace,
  nameOf,
  parsePlace,
  type Place,
  type TreePlace,
} from "../place.ts";
import { isLocation } from "../tree.ts";
import { below } from "../walk.ts";

/** One image and its target. */
export interface Pair {
  /** The image. */
  from: Place;
  /** Where it goes. */
  to: Place;
}

/**
 * Returns what the operands mean: a directory as target keeps names, a directory as source needs `-r`.
 * What cannot be read is reported and left out.
 *
 * @param vfs The tree.
 * @param args The sources, then the target.
 * @param session Takes reports of what cannot be read.
 * @param check Throws if a source and the target do not fit the command.
 * @returns The pairs, in the order of the operands.
 * @throws {UsageError} If one target would be written twice, or the operands do not fit each other.
 */
export async function pairsOf(
  vfs: Vfs,
  args: Arguments,
  session: Session,
  check: (from: Place, to: Place) => void,
): Promise<Pair[]> {
  const sources = args.operands.map(parsePlace);
  const to = sources.pop()!;
  if (to.kind === "tree" && isLocation(to.path)) {
    throw new UsageError("a location URI is no target");
  }
  for (const from of sources) check(from, to);
  if (to.kind === "standard" && session.json) throw new UsageError("an image has no JSON form");
  const intoDirectory = await isTargetDirectory(vfs, to, args.operands.at(-1)!, session);
  if (sources.length > 1 && !intoDirectory) {
    throw new UsageError("several sources need a directory as target: end it with a slash");
  }
  const pairs: Pair[] = [];
  for (const from of sources) {
    if (from.kind === "standard") {
      if (intoDirectory) throw new UsageError("standard input needs a name as target");
      pairs.push({ from, to });
      continue;
    }
    try {
      if (!await isDirectory(vfs, from, session)) {
        pairs.push({ from, to: intoDirectory ? childOf(to, nameOf(from.path)) : to });
        continue;
      }
      if (!args.has("recursive")) throw new UsageError(`${from.path}: is a directory: use -r`);
      const name = nameOf(from.path);
      const isContent = from.path.endsWith("/") || /^\.{0,2}$/.test(name);
      const into = intoDirectory && !isContent ? childOf(to, name) : to;
      for await (const rest of imagesBelow(vfs, from, session)) {
        pairs.push({ from: childOf(from, rest), to: childOf(into, rest) });
      }
    } catch (error) {
      session.fail(error);
    }
  }
  refuseSameTarget(pairs);
  return pairs;
}

/** Lists the paths of the images below a directory, from there. */
async function* imagesBelow(
  vfs: Vfs,
  place: TreePlace | LocalPlace,
  session: Session,
): AsyncGenerator<string> {
  if (place.kind === "local") return yield* filesBelow(place.path, session);
  const { length } = childOf(place, "").path;
  for await (const entry of below(vfs, place.path, true, session)) {
    if (entry.isFile) yield entry.path.slice(length);
  }
}

/** Refuses two sources that would become one file. */
function refuseSameTarget(pairs: readonly Pair[]): void {
  const sources = new Map<string, string>();
  for (const { from, to } of pairs) {
    if (to.kind === "standard") continue;
    const key = `${to.kind} ${to.kind === "local" ? resolve(to.path) : to.path}`;
    const other = sources.get(key);
    if (other !== undefined) {
      const both = `from ${other} and from ${formatPlace(from)}`;
      throw new UsageError(`${to.path} would be written twice: ${both}`);
    }
    sources.set(key, formatPlace(from));
  }
}

async function isDirectory(
  vfs: Vfs,
  { kind, path }: TreePlace | LocalPlace,
  session: Session,
): Promise<boolean> {
  if (kind === "local") return await isLocalDirectory(path);
  return (await vfs.stat(path, session.options)).isDirectory;
}

async function isTargetDirectory(
  vfs: Vfs,
  place: Place,
  operand: string,
  session: Session,
): Promise<boolean> {
  if (place.kind === "standard") return false;
  if (operand.endsWith("/")) return true;
  try {
    return await isDirectory(vfs, place, session);
  } catch (error) {
    if (error instanceof NotFound) return false;
    throw error;
  }
}
