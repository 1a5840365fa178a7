/**
 * `vitrine rm`: removes images and directories of the tree.
 *
 * @module
 */
import { NotFound } from "../../errors/mod.ts";
import type { SkippedEntry } from "../../store/mod.ts";
import { type Command, DRY_RUN, RECURSIVE, VERBOSE } from "../command.ts";
import { parseTreePath } from "../place.ts";
import { skippedError } from "../walk.ts";

/** `vitrine rm`. */
export const rm: Command = {
  operands: "PATH...",
  count: [1, Infinity],
  summary: "remove images",
  options: [
    RECURSIVE,
    { name: "force", letters: ["f"], help: "ignore what does not exist" },
    VERBOSE,
    DRY_RUN,
  ],
  candidates: "tree",
  examples: ["vitrine rm /local/disk.qcow2", "vitrine rm -r --dry-run /local/debian"],
  async run(session, args) {
    const { out, json, fail } = session;
    const paths = args.operands.map(parseTreePath);
    const tree = await session.vfs();
    const recursive = args.has("recursive");
    const isDryRun = args.has("dry-run");
    const removed: string[] = [];
    for (const path of paths) {
      try {
        if (isDryRun) {
          const { isDirectory } = await tree.stat(path, session.options);
          if (isDirectory && !recursive) throw new Error(`rm ${path}: it is a directory: use -r`);
        } else {
          const onSkipped = (skipped: SkippedEntry) => fail(skippedError(skipped));
          await tree.remove(path, { recursive, onSkipped, ...session.options });
        }
        removed.push(path);
        if (json || !(isDryRun || args.has("verbose"))) continue;
        await out.line(isDryRun ? `would remove ${path}` : `removed ${path}`);
      } catch (error) {
        if (!(args.has("force") && error instanceof NotFound)) fail(error);
      }
    }
    if (json) await out.json(removed);
  },
};
