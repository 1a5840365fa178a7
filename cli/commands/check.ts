/**
 * `vitrine check`: whether two directories hold the same images.
 *
 * @module
 */
import { checkTrees } from "../../vfs/check_trees.ts";
import type { TreeOutcome } from "../../vfs/tree_work.ts";
import { type Command, EXIT, PROGRESS, TRANSFERS, transfersOf, VERBOSE } from "../command.ts";
import { TreeDisplay } from "../progress.ts";
import { filterOf, FILTERS, openTreeOperand } from "../tree_operand.ts";

/** What is said of an image, by what the comparison came to. */
const WORDS: Partial<Record<TreeOutcome["state"], string>> = {
  same: "the same",
  missing: "missing in the second",
  extra: "missing in the first",
  unknown: "the same size, and no digest is known: --download computes it",
};

/** `vitrine check`. */
export const check: Command = {
  operands: "A B",
  count: [2, 2],
  description:
    "Images that are missing, that differ and of which nothing but the size is known are listed. The exit " +
    "code is 3 if one is missing or differs, 1 if something could not be looked at, and 4 if of one " +
    "nothing but the size is known.",
  options: [
    VERBOSE,
    {
      name: "download",
      help: "read images of which no digest is known, and compare their digests",
    },
    ...FILTERS,
    TRANSFERS,
    PROGRESS,
  ],
  candidates: "tree",
  examples: ["vitrine check /local/debian /mirror/debian", "vitrine check --download ./a /local/a"],
  async run(session, args) {
    const { out, json, fail, options } = session;
    const concurrency = transfersOf(args);
    const filter = await filterOf(args);
    await using a = await openTreeOperand(session, args.operands[0]!);
    await using b = await openTreeOperand(session, args.operands[1]!);
    const onImage = async ({ path, state, size, error }: TreeOutcome) => {
      if (json) {
        const message = error === undefined ? undefined : (error as Error).message;
        await out.jsonLine({ path, state, size, error: message });
      }
      if (state === "failed") return fail(error);
      if (state === "unknown") session.setExitCode(EXIT.unknown);
      else if (state !== "same") session.setExitCode(EXIT.differs);
      if (json || (state === "same" && !args.has("verbose"))) return;
      await out.line(state === "differs" ? (error as Error).message : `${path}: ${WORDS[state]}`);
    };
    using display = new TreeDisplay("verify");
    const summary = await checkTrees(a, b, {
      ...options,
      concurrency,
      filter,
      download: args.has("download"),
      onImage,
      onProgress: (progress) => display.update(progress),
    });
    if (json) await out.jsonLine({ summary });
  },
};
