/**
 * `vitrine cp` and `vitrine mv`: between paths of the tree, local files and the standard streams.
 *
 * @module
 */
import { Invalid } from "../../errors/mod.ts";
import type { Vfs } from "../../vfs/mod.ts";
import { ACCEPT, acceptOf, warnUnsafe } from "../accept.ts";
import {
  type Arguments,
  type Command,
  DRY_RUN,
  RECURSIVE,
  type Session,
  TRANSFERS,
  transfersOf,
  UsageError,
  VERBOSE,
} from "../command.ts";
import { isImageFile, openLocal, writeLocal } from "../local.ts";
import { forEachParallel } from "../parallel.ts";
import { formatPlace, nameOf, type Place } from "../place.ts";
import { Progress } from "../progress.ts";
import { chunksOf } from "../tree.ts";
import { type Pair, pairsOf } from "./pairs.ts";

/** Copies one image. */
async function copyOne(vfs: Vfs, { from, to }: Pair, args: Arguments, session: Session) {
  const { signal, options, out } = session;
  if (from.kind === "tree" && to.kind === "tree") {
    const { size } = await vfs.stat(from.path, session.options);
    using verifier = new Progress(nameOf(from.path), size);
    const verify = args.has("allow-changed") ? false : undefined;
    const accept = acceptOf(args);
    const copied = await vfs.copyFile(from.path, to.path, { verifier, verify, accept, ...options });
    warnUnsafe(session, to.path, copied.inspection);
  } else if (from.kind !== "tree" && to.kind === "tree") {
    const { data, size, name } = await openLocal(from, signal);
    using verifier = new Progress(name, size);
    const accept = acceptOf(args);
    const added = await vfs.writeFile(to.path, data, { size, verifier, accept, ...options });
    warnUnsafe(session, to.path, added.inspection);
  } else if (from.kind === "tree") {
    const info = await vfs.stat(from.path, session.options);
    const { size, location } = info;
    const { checksum, multihash } = info.recorded ?? info;
    if (to.kind === "local" && location && await isImageFile(location, to.path)) {
      throw new Invalid("it is the image's own file", { operation: "write", path: to.path });
    }
    const isKnown = (checksum ?? multihash) !== undefined && !args.has("allow-changed");
    const verify = isKnown && { checksum, multihash };
    using progress = new Progress(nameOf(from.path), size);
    const chunks = chunksOf(vfs, from.path, { verify, ...options }, progress);
    if (to.kind === "local") await writeLocal(to.path, args.has("force"), chunks);
    else for await (const chunk of chunks) await out.write(chunk);
  }
}

/** Runs a copy or a move: on each pair that the operands mean, several at the same time. */
async function forEachPair(
  session: Session,
  args: Arguments,
  check: (from: Place, to: Place) => void,
  act: (vfs: Vfs, pair: Pair) => Promise<void>,
): Promise<void> {
  const { out, json, fail, note } = session;
  const transfers = transfersOf(args);
  const isDryRun = args.has("dry-run");
  const vfs = await session.vfs();
  const pairs = await pairsOf(vfs, args, session, check);
  const done: { from: string; to: string }[] = [];
  // Images on standard output follow one another.
  const limit = pairs.some(({ to }) => to.kind === "standard") ? 1 : transfers;
  await forEachParallel(pairs, limit, async (pair, index) => {
    const [from, to] = [formatPlace(pair.from), formatPlace(pair.to)];
    try {
      if (!isDryRun) await act(vfs, pair);
      done[index] = { from, to };
      if (json || !(args.has("verbose") || isDryRun)) return;
      const line = isDryRun ? `would write ${to} from ${from}` : `${from} -> ${to}`;
      if (pair.to.kind === "standard") note(line);
      else await out.line(line);
    } catch (error) {
      fail(error);
    }
  });
  if (json) await out.json(done.filter(Boolean));
}

/** `vitrine cp`. */
export const cp: Command = {
  operands: "SOURCE... TARGET",
  count: [2, Infinity],
  summary: "copy images, across stores and to and from local files",
  description:
    "A target that is a directory, or ends with a slash, keeps the names of the sources. The digests " +
    "that the source's store holds are checked on the way. - is standard input or output.",
  options: [
    RECURSIVE,
    VERBOSE,
    DRY_RUN,
    { name: "force", letters: ["f"], help: "replace a local file, which keeps its mode" },
    ...ACCEPT,
    { name: "allow-changed", help: "copy images that were changed since they were added" },
    TRANSFERS,
  ],
  candidates: "tree",
  examples: ["vitrine cp ./disk.qcow2 /local/", "vitrine cp -r /local/debian ./backup"],
  run(session, args) {
    const check = (from: Place, to: Place) => {
      if (from.kind === "tree" || to.kind === "tree") return;
      throw new UsageError("one side of a copy is a path of the tree");
    };
    return forEachPair(session, args, check, (vfs, pair) => copyOne(vfs, pair, args, session));
  },
};

/** `vitrine mv`. */
export const mv: Command = {
  operands: "SOURCE... TARGET",
  count: [2, Infinity],
  summary: "move images in the tree; the source is removed when the copy is whole and checked",
  options: [RECURSIVE, VERBOSE, DRY_RUN, TRANSFERS],
  candidates: "tree",
  examples: ["vitrine mv /local/disk.qcow2 /mirror/debian/12.qcow2"],
  run(session, args) {
    const check = (...places: Place[]) => {
      if (places.some(({ kind }) => kind !== "tree")) throw new UsageError("mv moves in the tree");
    };
    return forEachPair(session, args, check, async (vfs, pair) => {
      const [from, to] = [formatPlace(pair.from), formatPlace(pair.to)];
      const { size } = await vfs.stat(from, session.options);
      using verifier = new Progress(nameOf(from), size);
      await vfs.rename(from, to, { verifier, ...session.options });
    });
  },
};
