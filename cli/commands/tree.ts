/**
 * `vitrine tree`: a drawing of everything below a directory.
 *
 * @module
 */
import type { Command } from "../command.ts";
import { parseTreePath } from "../place.ts";
import { formatSize } from "../text.ts";
import { type Line, linesBelow } from "../walk.ts";
import { entryToJson } from "./list.ts";

function plural(count: number, one: string, more: string): string {
  return `${count} ${count === 1 ? one : more}`;
}

/** `vitrine tree`. */
export const tree: Command = {
  operands: "[PATH]",
  count: [0, 1],
  candidates: "tree",
  async run(session, args) {
    const { out, json } = session;
    const root = parseTreePath(args.operands[0] ?? "/");
    const vfs = await session.vfs();
    if (json) {
      const entries = await Array.fromAsync(await linesBelow(vfs, root, true, session));
      return await out.json(entries.map(entryToJson));
    }
    const entries = await Array.fromAsync(await linesBelow(vfs, root, true, session));
    const images = entries.filter(({ isFile }) => isFile);
    await out.lines([root, ...drawing(entries, root), ""]);
    await out.line(
      [
        plural(entries.length - images.length, "directory", "directories"),
        plural(images.length, "image", "images"),
        formatSize(images.reduce((sum, { size = 0 }) => sum + size, 0)),
      ].join(", "),
    );
  },
};

/** Returns the lines of a drawing, for entries each of which comes right behind what is above it. */
function drawing(entries: readonly Line[], root: string): string[] {
  const lines: string[] = [];
  /** The directories that have an entry further down. */
  const parents = new Set<string>();
  const isLast = new Map<Line, boolean>();
  for (const entry of entries.toReversed()) {
    const parent = parentOf(entry.path);
    isLast.set(entry, !parents.has(parent));
    parents.add(parent);
    // What comes before it belongs to another directory.
    parents.delete(entry.path);
  }
  /** What stands at the beginning of the lines in a directory. */
  const indents = new Map([[root.replace(/\/$/, ""), ""]]);
  for (const entry of entries) {
    const indent = indents.get(parentOf(entry.path))!;
    const [branch, stem] = isLast.get(entry) ? ["└── ", "    "] : ["├── ", "│   "];
    const size = entry.isDirectory ? "" : `  ${formatSize(entry.size)}`;
    lines.push(`${indent}${branch}${entry.name}${size}`);
    indents.set(entry.path, indent + stem);
  }
  return lines;
}

/** Returns the path of the directory that a path is in, `""` for the root of the tree. */
function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
