/**
 * `vitrine du`: the sum of sizes below a directory.
 *
 * @module
 */
import { imagesBelow } from "../../vfs/tree_work.ts";
import { type Command, EXIT } from "../command.ts";
import { formatSize } from "../text.ts";
import { openTreeOperand } from "../tree_operand.ts";

/** What is below one operand, as `--json` shows it. */
interface Usage {
  path: string;
  /** The number of images. */
  images: number;
  /** The sum of their sizes in bytes, as far as they are known. */
  size: number;
  /** The number of images whose size is not known, if there are any. */
  unknown?: number;
}

/** `vitrine du`. */
export const du: Command = {
  operands: "PATH...",
  count: [1, Infinity],
  description: "The exit code is 4 if the size of an image is not known; the others are summed.",
  candidates: "tree",
  examples: ["vitrine du /local/debian /mirror"],
  async run(session, args) {
    const { out, json, options } = session;
    const all: Usage[] = [];
    for (const operand of args.operands) {
      try {
        await using root = await openTreeOperand(session, operand);
        const usage: Usage = { path: operand, images: 0, size: 0 };
        let unknown = 0;
        for await (const { path, size, error } of imagesBelow(root, options)) {
          if (error !== undefined) {
            session.fail(
              new Error(`${operand}: ${path}: passed over: ${(error as Error).message}`),
            );
            continue;
          }
          usage.images++;
          if (size === undefined) unknown++;
          else usage.size += size;
        }
        if (unknown > 0) {
          usage.unknown = unknown;
          session.setExitCode(EXIT.unknown);
        }
        all.push(usage);
      } catch (error) {
        session.fail(error);
      }
    }
    if (json) return await out.json(all);
    const rows = all.map(({ path, images, size, unknown }) => [
      `${size}`,
      formatSize(size),
      `${images} ${images === 1 ? "image" : "images"}`,
      path,
      unknown === undefined ? "" : `(the size of ${unknown} is not known)`,
    ]);
    await out.table(rows, [0, 1, 2]);
  },
};
