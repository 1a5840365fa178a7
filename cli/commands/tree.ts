/**
 * `vitrine tree`: a drawing of everything below a directory.
 *
 * @module
 */
import type { Command } from "../command.ts";
import { parseTreePath } from "../place.ts";
import { formatSize } from "../text.ts";
import { below, isOfStoreWithoutLists, sorted } from "../walk.ts";
import { entryToJson } from "./list.ts";

function plural(count: number, one: string, more: string): string {
  return `${count} ${count === 1 ? one : more}`;
}

/** `vitrine tree`. */
export const tree: Command = {
  operands: "[PATH]",
  count: [0, 1],
  summary: "draw everything below a directory of the tree",
  candidates: "tree",
  async run(session, args) {
    const { out, json } = session;
    const root = parseTreePath(args.operands[0] ?? "/");
    const vfs = await session.vfs();
    if (json) {
      const entries = await Array.fromAsync(below(vfs, root, true, session));
      return await out.json(entries.map(entryToJson));
    }
    await out.line(root);
    const counts = { images: 0, directories: 0, bytes: 0 };
    await draw(root, "");
    await out.line();
    await out.line(
      [
        plural(counts.directories, "directory", "directories"),
        plural(counts.images, "image", "images"),
        formatSize(counts.bytes),
      ].join(", "),
    );

    async function draw(path: string, indent: string): Promise<void> {
      const entries = await sorted(vfs, path, session);
      for (const [i, entry] of entries.entries()) {
        const isLast = i === entries.length - 1;
        const size = entry.isDirectory ? "" : `  ${formatSize(entry.size)}`;
        await out.line(`${indent}${isLast ? "└── " : "├── "}${entry.name}${size}`);
        if (entry.isFile) {
          counts.images++;
          counts.bytes += entry.size ?? 0;
          continue;
        }
        counts.directories++;
        const directory = `${path.replace(/\/$/, "")}/${entry.name}`;
        try {
          await draw(directory, `${indent}${isLast ? "    " : "│   "}`);
        } catch (error) {
          if (!isOfStoreWithoutLists(vfs, error)) session.fail(error);
        }
      }
    }
  },
};
