/**
 * `vitrine cp` and `vitrine mv`: between paths of the tree, local files and the standard streams.
 *
 * @module
 */
import { Invalid } from "../../errors/mod.ts";
import type { MoveResult, OperationOptions } from "../../store/mod.ts";
import type { ByteReader } from "../../streams/mod.ts";
import { lastSegment } from "../../vfs/import/import_source.ts";
import { importImage, type ImportProgress } from "../../vfs/import/mod.ts";
import type { Vfs } from "../../vfs/mod.ts";
import { ACCEPT, acceptOf, warnUnsafe } from "../accept.ts";
import {
  type Arguments,
  BWLIMIT,
  bytesPerSecondOf,
  type Command,
  DRY_RUN,
  PROGRESS,
  RECURSIVE,
  RESUME,
  type Session,
  TRANSFERS,
  transfersOf,
  UsageError,
  VERBOSE,
} from "../command.ts";
import {
  hasImportOptions,
  importOptionsOf,
  ofOneSource,
  PUBLISHED,
  SIGNATURE,
  UNPACK,
} from "../import_options.ts";
import { countLocalData, isImageFile, openLocal, writeLocal } from "../local.ts";
import { withinMemory } from "../../vfs/memory_budget.ts";
import { orderedMap } from "../../vfs/ordered_map.ts";
import { RateLimit } from "../../vfs/rate_limit.ts";
import { NotKept } from "../not_kept.ts";
import { formatPlace, nameOf, type Place } from "../place.ts";
import { Progress, TotalProgress } from "../progress.ts";
import { chunksOf, isLocation } from "../tree.ts";
import { isWebUrl, type Pair, pairsOf } from "./pairs.ts";

/** What all images of one command share. */
interface Work {
  vfs: Vfs;
  args: Arguments;
  session: Session;
  limit: RateLimit | undefined;
}

/** Copies one image. */
async function copyOne(
  { vfs, args, session, limit }: Work,
  { from, to, size: listed }: Pair,
): Promise<MoveResult | void> {
  const { signal, options, out } = session;
  const resume = args.has("resume");
  if (hasImportOptions(args) || (from.kind === "tree" && isWebUrl(vfs, from.path))) {
    await importOne({ vfs, args, session, limit }, from, to);
  } else if (from.kind === "tree" && to.kind === "tree") {
    const size = listed ?? (await vfs.stat(from.path, session.options)).size;
    using verifier = new Progress(nameOf(from.path), size, { limit, signal });
    const verify = args.has("allow-changed") ? false : undefined;
    const accept = acceptOf(args);
    const copied = await withinMemory(size, () => {
      return vfs.copyFile(from.path, to.path, { verifier, verify, accept, resume, ...options });
    });
    warnUnsafe(session, to.path, copied.inspection);
    return copied;
  } else if (from.kind !== "tree" && to.kind === "tree") {
    const { data, size, name, isSparse } = await openLocal(from, signal);
    using verifier = new Progress(name, size, { limit, signal });
    const accept = acceptOf(args);
    const added = await withinMemory(size, () => {
      const sparse = isSparse || undefined;
      const add = { size, sparse, verifier, accept, resume, ...options };
      return vfs.writeFile(to.path, data, add);
    });
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
    using progress = new Progress(nameOf(from.path), size, { limit, signal });
    const countData = to.kind === "local" ? countLocalData : undefined;
    const chunks = chunksOf(vfs, from.path, { verify, ...options }, progress, countData);
    await withinMemory(size, async () => {
      if (to.kind === "local") await writeLocal(to.path, args.has("force"), chunks);
      else for await (const chunk of chunks) await out.write(chunk);
    });
  }
}

/** Fetches, checks and unpacks one image on its way into the tree. */
async function importOne({ vfs, args, session, limit }: Work, from: Place, to: Place) {
  const { signal, options } = session;
  if (to.kind !== "tree") {
    throw new UsageError("what is fetched, checked or unpacked goes to a path of the tree");
  }
  const imported = await importOptionsOf(args, signal);
  const name = from.kind === "standard"
    ? undefined
    : isLocation(from.path)
    ? lastSegment(from.path)
    : nameOf(from.path);
  const isUri = from.kind === "tree" && isLocation(from.path);
  const opened = isUri
    ? undefined
    : from.kind === "tree"
    ? await openStored(vfs, from.path, options)
    : await openLocal(from, signal);
  using verifier = new Progress(name ?? "-", undefined, { limit, signal });
  const accept = acceptOf(args);
  const resume = args.has("resume");
  const onProgress = (progress: ImportProgress) => verifier.updateImport(progress);
  const sparse = opened?.isSparse || undefined;
  const shown = { verifier, onProgress };
  const more = { path: to.path, name, accept, sparse, resume, ...shown, ...options };
  const source = isUri ? from.path : opened!.data;
  const { inspection } = await importImage(vfs, source, { ...imported, ...more });
  warnUnsafe(session, to.path, inspection);
}

/** Opens an image of the tree. Its bytes are held to the digests that its store has. */
async function openStored(
  vfs: Vfs,
  path: string,
  options: OperationOptions,
): Promise<{ data: ByteReader; isSparse: boolean | undefined }> {
  const { checksum, multihash } = await vfs.stat(path, options);
  const verify = (checksum ?? multihash) !== undefined && { checksum, multihash };
  const { reader, isSparse } = await vfs.get(path, { verify, ...options });
  return { data: reader, isSparse };
}

/** Returns whether there is something at a target. */
async function isThere({ vfs, session }: Work, to: Place): Promise<boolean> {
  if (to.kind === "tree") return await vfs.exists(to.path, session.options);
  return to.kind === "local" && await Deno.lstat(to.path).then(() => true, () => false);
}

/** What became of a pair. */
interface Outcome {
  from: string;
  to: string;
  /** Why it failed. */
  failure?: { error: unknown };
  /** Whether the target was there, and was left alone. */
  isSkipped?: boolean;
  /** What was lost. */
  result?: MoveResult | void;
}

/**
 * Runs a copy or a move on each pair that the operands mean, several at the same time. What became of
 * them is reported in the order of the pairs.
 */
async function forEachPair(
  session: Session,
  args: Arguments,
  check: (from: Place, to: Place) => void,
  act: (work: Work, pair: Pair) => Promise<MoveResult | void>,
): Promise<void> {
  const { out, json, fail, note, signal } = session;
  const transfers = transfersOf(args);
  const bytesPerSecond = bytesPerSecondOf(args);
  const limit = bytesPerSecond === undefined ? undefined : new RateLimit(bytesPerSecond);
  const isDryRun = args.has("dry-run");
  const vfs = await session.vfs();
  const work = { vfs, args, session, limit };
  using totals = new TotalProgress();
  const toStandard = args.operands.at(-1) === "-";
  const outcomes = orderedMap(
    totals.listed(pairsOf(vfs, args, session, check)),
    // Images on standard output follow one another.
    toStandard ? 1 : transfers,
    async (pair): Promise<Outcome> => {
      const outcome = { from: formatPlace(pair.from), to: formatPlace(pair.to) };
      try {
        signal.throwIfAborted();
        const isSkipped = args.has("skip-existing") && await isThere(work, pair.to);
        const result = isDryRun || isSkipped ? undefined : await act(work, pair);
        return { ...outcome, isSkipped, result };
      } catch (error) {
        return { ...outcome, failure: { error } };
      } finally {
        totals.done();
      }
    },
  );
  const lost = new NotKept();
  const done: ({ from: string; to: string } & MoveResult)[] = [];
  for await (const { from, to, failure, isSkipped, result } of outcomes) {
    if (failure) fail(failure.error);
    if (failure || isSkipped) continue;
    lost.add(result ?? {});
    if (json) done.push({ from, to, notKept: result?.notKept });
    if (json || !(args.has("verbose") || isDryRun)) continue;
    const line = isDryRun ? `would write ${to} from ${from}` : `${from} -> ${to}`;
    if (toStandard) note(line);
    else await out.line(line);
  }
  lost.report(session);
  if (json) await out.json(done);
}

/** `vitrine cp`. */
export const cp: Command = {
  operands: "SOURCE... TARGET",
  count: [2, Infinity],
  description:
    "A target that is a directory, or ends with a slash, keeps the names of the sources. The digests " +
    "that the source's store holds are checked on the way. - is standard input or output. A URL, and what " +
    "is to be unpacked or to have given digests, is imported as `vitrine add` does.",
  options: [
    RECURSIVE,
    VERBOSE,
    DRY_RUN,
    { name: "force", letters: ["f"], help: "replace a local file, which keeps its mode" },
    RESUME,
    { name: "skip-existing", help: "leave out images whose target is there, whatever it holds" },
    ...PUBLISHED,
    ...SIGNATURE,
    ...UNPACK,
    ...ACCEPT,
    { name: "allow-changed", help: "copy images that were changed since they were added" },
    TRANSFERS,
    BWLIMIT,
    PROGRESS,
  ],
  candidates: "tree",
  examples: [
    "vitrine cp ./disk.qcow2 /local/",
    "vitrine cp -r /local/debian ./backup",
    "vitrine cp --unpack auto https://example.org/disk.raw.xz /local/",
  ],
  run(session, args) {
    ofOneSource(args);
    const check = (from: Place, to: Place) => {
      if (args.has("resume") && to.kind !== "tree") {
        throw new UsageError("--resume is for copies into a store");
      }
      if (from.kind === "tree" || to.kind === "tree") return;
      throw new UsageError("one side of a copy is a path of the tree");
    };
    return forEachPair(session, args, check, copyOne);
  },
};

/** `vitrine mv`. */
export const mv: Command = {
  operands: "SOURCE... TARGET",
  count: [2, Infinity],
  options: [RECURSIVE, VERBOSE, DRY_RUN, TRANSFERS, BWLIMIT, PROGRESS],
  candidates: "tree",
  examples: ["vitrine mv /local/disk.qcow2 /mirror/debian/12.qcow2"],
  run(session, args) {
    const check = (...places: Place[]) => {
      if (places.some(({ kind }) => kind !== "tree")) throw new UsageError("mv moves in the tree");
    };
    return forEachPair(session, args, check, async ({ vfs, limit }, pair) => {
      const [from, to] = [formatPlace(pair.from), formatPlace(pair.to)];
      const size = pair.size ?? (await vfs.stat(from, session.options)).size;
      using verifier = new Progress(nameOf(from), size, { limit, signal: session.signal });
      return await withinMemory(size, () => vfs.rename(from, to, { verifier, ...session.options }));
    });
  },
};
