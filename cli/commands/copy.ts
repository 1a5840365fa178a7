/**
 * `vitrine cp` and `vitrine mv`: between paths of the tree, local files and the standard streams.
 *
 * @module
 */
import type { Vfs } from "../../vfs/mod.ts";
import { type Arguments, type Command, Misuse, type Session } from "../command.ts";
import { nameOf, openLocal, type Place, readPlace, writeLocal } from "../place.ts";
import { Progress } from "../progress.ts";
import { isLocation } from "../tree.ts";

/** One image to copy. */
interface Pair {
  from: Place;
  to: Place;
}

/** What the operands mean: a directory as target keeps names, a directory as source needs `-r`. */
async function pairs(vfs: Vfs, args: Arguments, session: Session): Promise<Pair[]> {
  const operands = args.operands.map(readPlace);
  const to = operands.pop()!;
  if (to.kind === "tree" && isLocation(to.path)) throw new Misuse("a location URI is no target");
  const intoDirectory = await isDirectory(vfs, to, args.operands.at(-1)!, session);
  if (operands.length > 1 && !intoDirectory) {
    throw new Misuse("several sources need a directory as target: end it with a slash");
  }
  const result: Pair[] = [];
  for (const from of operands) {
    if (from.kind === "tree" && (await vfs.stat(from.path, session)).isDirectory) {
      if (!args.has("recursive")) throw new Misuse(`${from.path}: is a directory: give -r`);
      const base = from.path.replace(/\/$/, "");
      const into = intoDirectory && !from.path.endsWith("/") ? child(to, nameOf(base)) : to;
      for await (const entry of vfs.walk(from.path, session)) {
        if (!entry.isFile) continue;
        const rest = entry.path.slice(base.length + 1);
        result.push({ from: { kind: "tree", path: entry.path }, to: child(into, rest) });
      }
    } else if (intoDirectory) {
      if (from.kind === "standard") throw new Misuse("standard input needs a name as target");
      result.push({ from, to: child(to, nameOf(from.path)) });
    } else {
      result.push({ from, to });
    }
  }
  return result;
}

function child(place: Place, name: string): Place {
  if (place.kind === "standard") return place;
  return { ...place, path: `${place.path.replace(/\/$/, "")}/${name}` };
}

async function isDirectory(
  vfs: Vfs,
  place: Place,
  operand: string,
  session: Session,
): Promise<boolean> {
  if (place.kind === "standard") return false;
  if (operand.endsWith("/")) return true;
  if (place.kind === "local") {
    return await Deno.stat(place.path).then(({ isDirectory }) => isDirectory, () => false);
  }
  return await vfs.exists(place.path, session) &&
    (await vfs.stat(place.path, session)).isDirectory;
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
    const { stream, size } = await vfs.get(from.path, { signal, context });
    using progress = new Progress(nameOf(from.path), size);
    const counted = stream.pipeThrough(
      new TransformStream({
        transform(chunk, controller) {
          progress.update(chunk);
          controller.enqueue(chunk);
        },
      }),
    );
    if (to.kind === "local") await writeLocal(counted, to.path, args.has("force"));
    else for await (const chunk of counted) await out.write(chunk);
  } else {
    throw new Misuse("one side of a copy is a path of the tree");
  }
}

function show(place: Place): string {
  return place.kind === "standard" ? "-" : place.path;
}

async function each(
  session: Session,
  args: Arguments,
  act: (vfs: Vfs, pair: Pair) => Promise<void>,
): Promise<void> {
  const { out, json, fail } = session;
  const vfs = await session.vfs();
  const done: { from: string; to: string }[] = [];
  for (const pair of await pairs(vfs, args, session)) {
    try {
      await act(vfs, pair);
      done.push({ from: show(pair.from), to: show(pair.to) });
      if (!json && args.has("verbose")) await out.line(`${show(pair.from)} -> ${show(pair.to)}`);
    } catch (error) {
      fail(error);
    }
  }
  if (json) await out.json(done);
}

const SHARED = {
  flags: ["recursive", "verbose", "force"],
  alias: { r: "recursive", R: "recursive", v: "verbose", f: "force" },
  operands: [2, Infinity] as const,
};

/** `vitrine cp`. */
export const cp: Command = {
  ...SHARED,
  usage: "cp [-r] [-v] [-f] SOURCE... TARGET",
  summary: "copy images, across stores and to and from local files; - is a standard stream",
  options: [
    "-r, --recursive  directories with everything in them",
    "-v, --verbose    a line an image",
    "-f, --force      replace a local file",
  ],
  run: (session, args) => each(session, args, (vfs, pair) => copyOne(vfs, pair, args, session)),
};

/** `vitrine mv`. */
export const mv: Command = {
  ...SHARED,
  usage: "mv [-r] [-v] SOURCE... TARGET",
  summary: "move images in the tree; the source goes when the copy is whole and checked",
  options: [
    "-r, --recursive  directories with everything in them",
    "-v, --verbose    a line an image",
  ],
  run: (session, args) =>
    each(session, args, async (vfs, { from, to }) => {
      if (from.kind !== "tree" || to.kind !== "tree") throw new Misuse("mv moves in the tree");
      const { size } = await vfs.stat(from.path, session);
      using verifier = new Progress(nameOf(from.path), size);
      const { signal, context } = session;
      await vfs.rename(from.path, to.path, { verifier, signal, context });
    }),
};
