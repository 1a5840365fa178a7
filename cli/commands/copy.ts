/**
 * `vitrine cp` and `vitrine mv`: between paths of the tree, local files and the standard streams.
 *
 * @module
 */
import { resolve } from "@std/path";
import { Invalid, NotFound } from "../../errors/mod.ts";
import type { Vfs } from "../../vfs/mod.ts";
import { type Arguments, type Command, Misuse, type Session } from "../command.ts";
import { filesBelow, isImageFile, isLocalDirectory, openLocal, writeLocal } from "../local.ts";
import { nameOf, type Place, readPlace } from "../place.ts";
import { Progress } from "../progress.ts";
import { chunksOf } from "../read.ts";
import { isLocation } from "../tree.ts";
import { below } from "../walk.ts";

/** One image to copy. */
interface Pair {
  from: Place;
  to: Place;
}

/** A place with a path. */
type Named = Exclude<Place, { kind: "standard" }>;

/**
 * What the operands mean: a directory as target keeps names, a directory as source needs `-r`. What
 * cannot be read is said and left out. Throws `Misuse` where one target would be written twice.
 */
async function pairs(
  vfs: Vfs,
  args: Arguments,
  session: Session,
  check: (from: Place, to: Place) => void,
): Promise<Pair[]> {
  const sources = args.operands.map(readPlace);
  const to = sources.pop()!;
  if (to.kind === "tree" && isLocation(to.path)) throw new Misuse("a location URI is no target");
  for (const from of sources) check(from, to);
  if (to.kind === "standard" && session.json) throw new Misuse("an image has no JSON form");
  const intoDirectory = await isTargetDirectory(vfs, to, args.operands.at(-1)!, session);
  if (sources.length > 1 && !intoDirectory) {
    throw new Misuse("several sources need a directory as target: end it with a slash");
  }
  const result: Pair[] = [];
  for (const from of sources) {
    if (from.kind === "standard") {
      if (intoDirectory) throw new Misuse("standard input needs a name as target");
      result.push({ from, to });
      continue;
    }
    try {
      if (await isDirectory(vfs, from, session)) {
        if (!args.has("recursive")) throw new Misuse(`${from.path}: is a directory: give -r`);
        const name = nameOf(from.path);
        const isContent = from.path.endsWith("/") || /^\.{0,2}$/.test(name);
        const into = intoDirectory && !isContent ? child(to, name) : to;
        for await (const rest of imagesBelow(vfs, from, session)) {
          result.push({ from: child(from, rest), to: child(into, rest) });
        }
      } else {
        result.push({ from, to: intoDirectory ? child(to, nameOf(from.path)) : to });
      }
    } catch (error) {
      session.fail(error);
    }
  }
  refuseSameTarget(result);
  return result;
}

/** The paths of the images below a directory, from there. */
async function* imagesBelow(
  vfs: Vfs,
  { kind, path }: Named,
  session: Session,
): AsyncGenerator<string> {
  if (kind === "local") return yield* filesBelow(path, session);
  const { length } = child({ kind, path }, "").path;
  for await (const entry of below(vfs, path, true, session)) {
    if (entry.isFile) yield entry.path.slice(length);
  }
}

/** Two sources of one name must not end as one file. */
function refuseSameTarget(pairs: readonly Pair[]): void {
  const sources = new Map<string, string>();
  for (const { from, to } of pairs) {
    if (to.kind === "standard") continue;
    const key = `${to.kind} ${to.kind === "local" ? resolve(to.path) : to.path}`;
    const other = sources.get(key);
    if (other !== undefined) {
      throw new Misuse(`${to.path} would be written twice: from ${other} and from ${show(from)}`);
    }
    sources.set(key, show(from));
  }
}

function child<P extends Place>(place: P, name: string): P {
  if (place.kind === "standard") return place;
  return { ...place, path: `${place.path.replace(/\/$/, "")}/${name}` };
}

async function isDirectory(vfs: Vfs, { kind, path }: Named, session: Session): Promise<boolean> {
  if (kind === "local") return await isLocalDirectory(path);
  return (await vfs.stat(path, session)).isDirectory;
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

async function copyOne(vfs: Vfs, { from, to }: Pair, args: Arguments, session: Session) {
  const { signal, context, out } = session;
  if (from.kind === "tree" && to.kind === "tree") {
    const { size } = await vfs.stat(from.path, session);
    using verifier = new Progress(nameOf(from.path), size);
    await vfs.copyFile(from.path, to.path, { verifier, signal, context });
  } else if (to.kind === "tree") {
    const { data, size, name } = await openLocal(from as Exclude<Place, { kind: "tree" }>);
    using verifier = new Progress(name, size);
    await vfs.writeFile(to.path, data, { size, verifier, signal, context });
  } else if (from.kind === "tree") {
    const { size, checksum, multihash, location } = await vfs.stat(from.path, session);
    if (to.kind === "local" && location && await isImageFile(location, to.path)) {
      throw new Invalid("it is the image's own file", { operation: "write", path: to.path });
    }
    const verify = (checksum ?? multihash) !== undefined && { checksum, multihash };
    using progress = new Progress(nameOf(from.path), size);
    const chunks = chunksOf(vfs, from.path, { verify, signal, context }, progress);
    if (to.kind === "local") await writeLocal(to.path, args.has("force"), chunks);
    else for await (const chunk of chunks) await out.write(chunk);
  }
}

function show(place: Place): string {
  return place.kind === "standard" ? "-" : place.path;
}

async function each(
  session: Session,
  args: Arguments,
  check: (from: Place, to: Place) => void,
  act: (vfs: Vfs, pair: Pair) => Promise<void>,
): Promise<void> {
  const { out, json, fail, note } = session;
  const vfs = await session.vfs();
  const done: { from: string; to: string }[] = [];
  for (const pair of await pairs(vfs, args, session, check)) {
    try {
      await act(vfs, pair);
      done.push({ from: show(pair.from), to: show(pair.to) });
      if (json || !args.has("verbose")) continue;
      const line = `${show(pair.from)} -> ${show(pair.to)}`;
      if (pair.to.kind === "standard") note(line);
      else await out.line(line);
    } catch (error) {
      fail(error);
    }
  }
  if (json) await out.json(done);
}

const RECURSIVE = "-r, --recursive  directories with everything in them";
const VERBOSE = "-v, --verbose    a line an image";

/** `vitrine cp`. */
export const cp: Command = {
  usage: "cp [-r] [-v] [-f] SOURCE... TARGET",
  summary: "copy images, across stores and to and from local files; - is a standard stream",
  options: [
    RECURSIVE,
    VERBOSE,
    "-f, --force      replace a local file, which keeps its mode",
  ],
  flags: ["recursive", "verbose", "force"],
  alias: { r: "recursive", R: "recursive", v: "verbose", f: "force" },
  operands: [2, Infinity],
  run(session, args) {
    const check = (from: Place, to: Place) => {
      if (from.kind === "tree" || to.kind === "tree") return;
      throw new Misuse("one side of a copy is a path of the tree");
    };
    return each(session, args, check, (vfs, pair) => copyOne(vfs, pair, args, session));
  },
};

/** `vitrine mv`. */
export const mv: Command = {
  usage: "mv [-r] [-v] SOURCE... TARGET",
  summary: "move images in the tree; the source goes when the copy is whole and checked",
  options: [RECURSIVE, VERBOSE],
  flags: ["recursive", "verbose"],
  alias: { r: "recursive", R: "recursive", v: "verbose" },
  operands: [2, Infinity],
  run(session, args) {
    const check = (...places: Place[]) => {
      if (places.some(({ kind }) => kind !== "tree")) throw new Misuse("mv moves in the tree");
    };
    return each(session, args, check, async (vfs, pair) => {
      const [from, to] = [show(pair.from), show(pair.to)];
      const { size } = await vfs.stat(from, session);
      using verifier = new Progress(nameOf(from), size);
      const { signal, context } = session;
      await vfs.rename(from, to, { verifier, signal, context });
    });
  },
};
