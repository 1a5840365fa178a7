/**
 * `vitrine rm`: removes images and directories of the tree.
 *
 * @module
 */
import { NotFound } from "../../errors/mod.ts";
import type { SkippedEntry } from "../../store/mod.ts";
import { orderedMap } from "../../vfs/ordered_map.ts";
import { type Command, DRY_RUN, RECURSIVE, TRANSFERS, transfersOf, VERBOSE } from "../command.ts";
import { parseTreePath } from "../place.ts";
import { skippedError } from "../walk.ts";

/** `vitrine rm`. */
export const rm: Command = {
  operands: "PATH...",
  count: [1, Infinity],
  options: [
    RECURSIVE,
    { name: "force", letters: ["f"], help: "ignore what does not exist" },
    VERBOSE,
    DRY_RUN,
    TRANSFERS,
  ],
  candidates: "tree",
  examples: ["vitrine rm /local/disk.qcow2", "vitrine rm -r --dry-run /local/debian"],
  async run(session, args) {
    const { out, json, fail } = session;
    const paths = args.operands.map(parseTreePath);
    const tree = await session.vfs();
    const recursive = args.has("recursive");
    const isDryRun = args.has("dry-run");
    const outcomes = orderedMap(paths, transfersOf(args), async (path) => {
      try {
        session.signal.throwIfAborted();
        if (isDryRun) {
          const { isDirectory } = await tree.stat(path, session.options);
          if (isDirectory && !recursive) throw new Error(`rm ${path}: it is a directory: use -r`);
        } else {
          const onSkipped = (skipped: SkippedEntry) => fail(skippedError(skipped));
          await tree.remove(path, { recursive, onSkipped, ...session.options });
        }
        return { path };
      } catch (error) {
        return { path, failure: { error } };
      }
    });
    const removed: string[] = [];
    for await (const { path, failure } of outcomes) {
      if (failure) {
        if (!(args.has("force") && failure.error instanceof NotFound)) fail(failure.error);
        continue;
      }
      removed.push(path);
      if (json || !(isDryRun || args.has("verbose"))) continue;
      await out.line(isDryRun ? `would remove ${path}` : `removed ${path}`);
    }
    if (json) await out.json(removed);
  },
};
