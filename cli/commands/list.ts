/**
 * `vitrine ls`: what is in the tree.
 *
 * @module
 */
import type { Vfs } from "../../vfs/mod.ts";
import type { Command, Session } from "../command.ts";
import { nameOf, parseTreePath } from "../place.ts";
import { formatSize, formatTime } from "../text.ts";
import { type Line, linesBelow } from "../walk.ts";

/** Lists a path: the entries of a directory, with everything below if recursive; or one image. */
async function entriesOf(
  vfs: Vfs,
  path: string,
  recursive: boolean,
  session: Session,
): Promise<Iterable<Line> | AsyncIterable<Line>> {
  const info = await vfs.stat(path, session.options);
  if (info.isFile) return [{ ...info, name: nameOf(path), path }];
  return await linesBelow(vfs, path, recursive, session);
}

/** Returns how an entry is named: by its path if the listing is recursive. A directory ends with a slash. */
function labelOf({ isDirectory, name, path }: Line, recursive: boolean): string {
  return `${recursive ? path : name}${isDirectory ? "/" : ""}`;
}

function labelsOf(
  entries: Iterable<Line> | AsyncIterable<Line>,
  recursive: boolean,
): Iterable<string> | AsyncIterable<string> {
  if (Symbol.iterator in entries) return [...entries].map((entry) => labelOf(entry, recursive));
  return (async function* () {
    for await (const entry of entries) yield labelOf(entry, recursive);
  })();
}

/**
 * Returns an entry of a listing in its JSON form.
 *
 * @param entry The entry, with its path.
 * @returns Path and type, and of an image what the listing knows.
 */
export function entryToJson(entry: Line) {
  const { path, isDirectory, size, mtime, etag, format, virtualSize } = entry;
  return isDirectory
    ? { path, type: "directory" }
    : { path, type: "image", size, modified: mtime ?? undefined, etag, format, virtualSize };
}

async function sizeOf(vfs: Vfs, path: string, session: Session): Promise<number | undefined> {
  try {
    return (await vfs.stat(path, session.options)).size;
  } catch (error) {
    session.fail(error);
  }
}

/** `vitrine ls`. */
export const ls: Command = {
  operands: "[PATH...]",
  count: [0, Infinity],
  options: [
    {
      name: "long",
      letters: ["l"],
      help: "sizes and times, and formats where the listing has them",
    },
    { name: "recursive", letters: ["R", "r"], help: "everything below" },
  ],
  candidates: "tree",
  examples: ["vitrine ls -l /local", "vitrine ls -R --json /"],
  async run(session, args) {
    const { out, json, fail } = session;
    const paths = args.operands.length > 0 ? args.operands.map(parseTreePath) : ["/"];
    const vfs = await session.vfs();
    const recursive = args.has("recursive");
    if (paths.includes("/") && !recursive) {
      for (const error of vfs.stores.failures.values()) fail(error);
    }
    const all: Record<string, unknown>[] = [];
    for (const path of paths) {
      try {
        const entries = await entriesOf(vfs, path, recursive, session);
        if (!json && !args.has("long")) {
          await out.lines(labelsOf(entries, recursive));
          continue;
        }
        const rows: string[][] = [];
        for await (const entry of entries) {
          const label = labelOf(entry, recursive);
          if (json) all.push(entryToJson(entry));
          else if (entry.isDirectory) rows.push(["-", "-", "", "", label]);
          else {
            // Not every listing has sizes.
            const { size = await sizeOf(vfs, entry.path, session), mtime } = entry;
            const { format = "", virtualSize } = entry;
            const virtual = virtualSize === undefined ? "" : formatSize(virtualSize);
            rows.push([formatSize(size), formatTime(mtime), format, virtual, label]);
          }
        }
        // Most listings do not have formats.
        const columns = rows[0]?.map((_, i) => i).filter((i) => rows.some((row) => row[i] !== ""));
        await out.table(rows.map((row) => columns!.map((i) => row[i]!)), [0]);
      } catch (error) {
        fail(error);
      }
    }
    if (json) await out.json(all);
  },
};
