/**
 * `vitrine rm`: images out of the tree.
 *
 * @module
 */
import { NotFound } from "../../errors/mod.ts";
import type { Command } from "../command.ts";
import { treePath } from "../place.ts";

/** `vitrine rm`. */
export const rm: Command = {
  usage: "rm [-r] [-f] PATH...",
  summary: "remove images",
  options: [
    "-r, --recursive  directories with everything in them",
    "-f, --force      say nothing of what is not there",
  ],
  flags: ["recursive", "force"],
  alias: { r: "recursive", R: "recursive", f: "force" },
  operands: [1, Infinity],
  async run({ vfs, out, json, fail, signal, context }, args) {
    const tree = await vfs();
    const removed: string[] = [];
    for (const path of args.operands.map(treePath)) {
      try {
        await tree.remove(path, { recursive: args.has("recursive"), signal, context });
        removed.push(path);
      } catch (error) {
        if (!(args.has("force") && error instanceof NotFound)) fail(error);
      }
    }
    if (json) await out.json(removed);
  },
};
