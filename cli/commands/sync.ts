/**
 * `vitrine sync`: makes a directory like another.
 *
 * @module
 */
import { syncTree } from "../../vfs/sync_tree.ts";
import type { TreeOutcome } from "../../vfs/tree_work.ts";
import { ACCEPT, acceptOf } from "../accept.ts";
import {
  BWLIMIT,
  bytesPerSecondOf,
  type Command,
  DRY_RUN,
  EXIT,
  NothingKnown,
  PROGRESS,
  RESUME,
  TRANSFERS,
  transfersOf,
  VERBOSE,
} from "../command.ts";
import { NotKept } from "../not_kept.ts";
import { TreeDisplay } from "../progress.ts";
import { formatSize } from "../text.ts";
import { filterOf, FILTERS, openTreeOperand } from "../tree_operand.ts";

/** What the outcomes are called that are no news. */
const QUIET: readonly TreeOutcome["state"][] = ["same"];

/** `vitrine sync`. */
export const sync: Command = {
  operands: "SOURCE TARGET",
  count: [2, 2],
  description:
    "An image that is there with the same size and digest is left out; where no digest is known, one of " +
    "the same size that is no older. One that differs is reported, and the exit code is 3; --replace " +
    "swaps it: the copy is added beside it, with .vitrine-sync-new at the end of its name, and takes its " +
    "place when it is whole. --delete removes what the source lacks, once all copies have succeeded. " +
    "Interrupted and run again, it goes on where it was. Patterns without a slash match names, others " +
    "whole paths below the directory. What is left out by them is not deleted.",
  options: [
    VERBOSE,
    DRY_RUN,
    {
      name: "checksum",
      help: "read images of which no digest is known, and compare their digests",
    },
    { name: "replace", help: "replace images that differ" },
    { name: "delete", help: "remove images that the source lacks" },
    RESUME,
    ...FILTERS,
    ...ACCEPT,
    TRANSFERS,
    BWLIMIT,
    PROGRESS,
  ],
  candidates: "tree",
  examples: [
    "vitrine sync ./images /mirror/images",
    "vitrine sync -n --replace --delete /local/debian /mirror/debian",
  ],
  async run(session, args) {
    const { out, json, fail, options } = session;
    const [concurrency, bytesPerSecond] = [transfersOf(args), bytesPerSecondOf(args)];
    const [filter, accept] = [await filterOf(args), acceptOf(args)];
    const dryRun = args.has("dry-run");
    await using from = await openTreeOperand(session, args.operands[0]!);
    await using to = await openTreeOperand(session, args.operands[1]!, !dryRun);
    const lost = new NotKept();
    const onImage = async ({ path, state, size, error, notKept }: TreeOutcome) => {
      lost.add({ notKept });
      if (json) {
        const message = error === undefined ? undefined : (error as Error).message;
        await out.jsonLine({ path, state, size, error: message, notKept });
      }
      if (state === "failed") fail(error);
      else if (state === "differs") fail(error, EXIT.differs);
      else if (state === "unknown") fail(new NothingKnown((error as Error).message));
      else if (!json && (dryRun || args.has("verbose")) && !QUIET.includes(state)) {
        await out.line(dryRun ? `${path}: would be ${state}` : `${path}: ${state}`);
      }
    };
    using display = new TreeDisplay("store");
    const summary = await syncTree(from, to, {
      ...options,
      concurrency,
      bytesPerSecond,
      filter,
      accept,
      resume: args.has("resume"),
      checksum: args.has("checksum"),
      replace: args.has("replace"),
      delete: args.has("delete"),
      dryRun,
      onImage,
      onProgress: (progress) => display.update(progress),
    });
    lost.report(session);
    if (json) return await out.jsonLine({ summary });
    if (!args.has("verbose")) return;
    const { states } = summary;
    const counts = Object.entries(states).map(([state, count]) => `${count} ${state}`);
    await out.line(`${counts.join(", ") || "no images"}; ${formatSize(summary.bytes)}`);
  },
};
