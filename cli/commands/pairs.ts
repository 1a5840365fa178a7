/**
 * The images that the operands of `vitrine cp` and `vitrine mv` mean, each with its target.
 *
 * @module
 */
import { resolve } from "@std/path/resolve";
import { NotFound } from "../../errors/mod.ts";
import { isOwned, lastSegment } from "../../vfs/import/import_source.ts";
import { unpackedName } from "../../vfs/import/incoming_image.ts";
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
  /** Its size in bytes, where the listing has it. */
  size?: number | undefined;
}

/**
 * Returns what the operands mean: a directory as target keeps names, a directory as source needs `-r`.
 * What cannot be read is reported and left out.
 *
 * @param vfs The tree.
 * @param args The sources, then the target.
 * @param session Takes reports of what cannot be read.
 * @param check Throws if a source and the target do not fit the command.
 * @returns The pairs, in the order of the operands. Those of one source come while it is listed.
 * @throws {UsageError} If one target would be written twice, or the operands do not fit each other.
 */
export async function* pairsOf(
  vfs: Vfs,
  args: Arguments,
  session: Session,
  check: (from: Place, to: Place) => void,
): AsyncGenerator<Pair> {
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
  const into: Target = { to, isDirectory: intoDirectory };
  if (sources.length === 1 && isApart(vfs, sources[0]!, to)) {
    return yield* pairsFrom(vfs, args, session, sources[0]!, into);
  }
  const pairs: Pair[] = [];
  for (const from of sources) {
    for await (const pair of pairsFrom(vfs, args, session, from, into)) pairs.push(pair);
  }
  refuseSameTarget(pairs);
  yield* pairs;
}

/**
 * Returns whether no copy can appear in a listing of the source that still goes on. Local files and file
 * stores may lie in each other, and are listed fast.
 */
function isApart(vfs: Vfs, from: Place, to: Place): boolean {
  if (from.kind !== "tree") return false;
  try {
    const [source, target] = [from, to].map((place) => {
      return place.kind === "tree" ? vfs.imageAt(childOf(place, "any").path).store : undefined;
    });
    return source !== target && !source!.getSchemes().includes("file");
  } catch {
    // The directory is above all stores, or what is wrong with it comes out when it is listed.
    return false;
  }
}

/** The last operand. */
interface Target {
  to: Place;
  /** Whether it is a directory, in which the sources keep their names. */
  isDirectory: boolean;
}

/** Lists what one source means. */
async function* pairsFrom(
  vfs: Vfs,
  args: Arguments,
  session: Session,
  from: Place,
  { to, isDirectory: intoDirectory }: Target,
): AsyncGenerator<Pair> {
  if (from.kind === "standard") {
    if (intoDirectory) throw new UsageError("standard input needs a name as target");
    return yield { from, to };
  }
  if (from.kind === "tree" && isWebUrl(vfs, from.path)) {
    const name = lastSegment(from.path);
    if (intoDirectory && name === undefined) throw new UsageError(`${from.path}: has no name`);
    return yield { from, to: intoDirectory ? childOf(to, storedName(name!, args)) : to };
  }
  try {
    if (!await isDirectory(vfs, from, session)) {
      const name = storedName(nameOf(from.path), args);
      return yield { from, to: intoDirectory ? childOf(to, name) : to };
    }
    if (!args.has("recursive")) throw new UsageError(`${from.path}: is a directory: use -r`);
    const name = nameOf(from.path);
    const isContent = from.path.endsWith("/") || /^\.{0,2}$/.test(name);
    const into = intoDirectory && !isContent ? childOf(to, name) : to;
    for await (const { path, size } of imagesBelow(vfs, from, session)) {
      yield { from: childOf(from, path), to: childOf(into, storedName(path, args)), size };
    }
  } catch (error) {
    session.fail(error);
  }
}

/** Returns the name that an image keeps in a directory. */
function storedName(name: string, args: Arguments): string {
  return (args.value("unpack") ?? "none") === "none" ? name : unpackedName(name);
}

/**
 * Returns whether an operand is a URL of the web that no store of the tree owns.
 *
 * @param vfs The tree.
 * @param operand The operand.
 * @returns Whether it can only be imported.
 */
export function isWebUrl(vfs: Vfs, operand: string): boolean {
  return /^https?:\/\//i.test(operand) && !isOwned(vfs, operand);
}

/** Lists the paths of the images below a directory, from there. */
async function* imagesBelow(
  vfs: Vfs,
  place: TreePlace | LocalPlace,
  session: Session,
): AsyncGenerator<{ path: string; size?: number | undefined }> {
  if (place.kind === "local") {
    for await (const path of filesBelow(place.path, session)) {
      const size = await Deno.stat(childOf(place, path).path).then(
        ({ size }) => size,
        () => undefined,
      );
      yield { path, size };
    }
    return;
  }
  const { length } = childOf(place, "").path;
  for await (const entry of below(vfs, place.path, true, session)) {
    if (entry.isFile) yield { path: entry.path.slice(length), size: entry.size };
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
