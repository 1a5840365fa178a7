/**
 * `vitrine ls` and `vitrine tree`: what is in the tree.
 *
 * @module
 */
import type { Vfs } from "../../vfs/mod.ts";
import type { Arguments, Command, Session } from "../command.ts";
import { formatSize, formatTime } from "../output.ts";
import { nameOf, treePath } from "../place.ts";
import { below, isOfStoreWithoutLists, type Line, sorted } from "../walk.ts";

/** The entries of a path: a directory's by name, with all below it where asked; or one image. */
async function* entries(
  vfs: Vfs,
  path: string,
  recursive: boolean,
  session: Session,
): AsyncGenerator<Line> {
  const info = await vfs.stat(path, session);
  if (info.isFile) return yield { ...info, name: nameOf(path), path };
  yield* below(vfs, path, recursive, session);
}

function shown({ path, isDirectory, size, mtime, etag }: Line): Record<string, unknown> {
  return isDirectory
    ? { path, type: "directory" }
    : { path, type: "image", size, modified: mtime, etag };
}

async function sizeOf(vfs: Vfs, path: string, session: Session): Promise<number | undefined> {
  try {
    return (await vfs.stat(path, session)).size;
  } catch (error) {
    session.fail(error);
  }
}

/** `vitrine ls`. */
export const ls: Command = {
  usage: "ls [-l] [-R] [PATH...]",
  summary: "list a directory of the tree; / lists the stores",
  options: ["-l, --long       sizes and times", "-R, --recursive  everything below"],
  flags: ["long", "recursive"],
  alias: { l: "long", R: "recursive" },
  operands: [0, Infinity],
  async run(session: Session, args: Arguments) {
    const { out, json, fail } = session;
    const vfs = await session.vfs();
    const all: Record<string, unknown>[] = [];
    const recursive = args.has("recursive");
    for (const path of args.operands.length ? args.operands.map(treePath) : ["/"]) {
      try {
        const rows: string[][] = [];
        for await (const entry of entries(vfs, path, recursive, session)) {
          const name = recursive ? entry.path : entry.name;
          const label = entry.isDirectory ? `${name}/` : name;
          if (json) all.push(shown(entry));
          else if (!args.has("long")) await out.line(label);
          else if (entry.isDirectory) rows.push(["-", "-", label]);
          else {
            // Not every listing tells sizes.
            const { size = await sizeOf(vfs, entry.path, session), mtime } = entry;
            rows.push([formatSize(size), formatTime(mtime), label]);
          }
        }
        await out.table(rows, [0]);
      } catch (error) {
        fail(error);
      }
    }
    if (json) await out.json(all);
  },
};

function counted(count: number, one: string, more: string): string {
  return `${count} ${count === 1 ? one : more}`;
}

/** `vitrine tree`. */
export const tree: Command = {
  usage: "tree [PATH]",
  summary: "draw everything below a directory of the tree",
  operands: [0, 1],
  async run(session: Session, args: Arguments) {
    const { out, json } = session;
    const vfs = await session.vfs();
    const root = treePath(args.operands[0] ?? "/");
    if (json) {
      const lines = await Array.fromAsync(below(vfs, root, true, session));
      return await out.json(lines.map(shown));
    }
    await out.line(root);
    const counts = { images: 0, directories: 0, bytes: 0 };
    await draw(root, "");
    await out.line();
    await out.line(
      [
        counted(counts.directories, "directory", "directories"),
        counted(counts.images, "image", "images"),
        formatSize(counts.bytes),
      ].join(", "),
    );

    async function draw(path: string, indent: string): Promise<void> {
      const found = await sorted(vfs, path, session);
      for (const [i, entry] of found.entries()) {
        const last = i === found.length - 1;
        const size = entry.isDirectory ? "" : `  ${formatSize(entry.size)}`;
        await out.line(`${indent}${last ? "└── " : "├── "}${entry.name}${size}`);
        if (entry.isFile) {
          counts.images++;
          counts.bytes += entry.size ?? 0;
          continue;
        }
        counts.directories++;
        const below = `${path.replace(/\/$/, "")}/${entry.name}`;
        try {
          await draw(below, `${indent}${last ? "    " : "│   "}`);
        } catch (error) {
          if (!isOfStoreWithoutLists(vfs, error)) session.fail(error);
        }
      }
    }
  },
};
