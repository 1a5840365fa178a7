/**
 * `vitrine ls`: what is in the tree.
 *
 * @module
 */
import type { Vfs } from "../../vfs/mod.ts";
import { type Arguments, type Command, type Session, UsageError } from "../command.ts";
import { nameOf, parseTreePath } from "../place.ts";
import { formatSize, formatTime } from "../text.ts";
import { type Line, linesBelow, pageBelow } from "../walk.ts";

/** What is listed of a directory: everything below it, or one level or a page of it. */
interface Scope {
  recursive: boolean;
  startAfter: string | undefined;
  limit: number | undefined;
}

/** Lists a path: what is wanted of a directory, or one image. */
async function entriesOf(
  vfs: Vfs,
  path: string,
  { recursive, ...page }: Scope,
  session: Session,
): Promise<Iterable<Line> | AsyncIterable<Line>> {
  const info = await vfs.stat(path, session.options);
  if (info.isFile) return [{ ...info, name: nameOf(path), path }];
  const isPage = page.startAfter !== undefined || page.limit !== undefined;
  if (isPage) return pageBelow(vfs, path, page, session);
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
 * Parses how much of a directory is listed.
 *
 * @param args The arguments, with the options of `ls`.
 * @returns What is listed.
 * @throws {UsageError} If the limit is no number above 0, or a page is wanted of everything below.
 */
function scopeOf(args: Arguments): Scope {
  const recursive = args.has("recursive");
  const [startAfter, limit] = [args.value("start-after"), args.value("limit")];
  if (limit !== undefined && !/^[1-9]\d{0,14}$/.test(limit)) {
    throw new UsageError("--limit is a number above 0");
  }
  if (recursive && (startAfter !== undefined || limit !== undefined)) {
    throw new UsageError("--limit and --start-after list one level, without --recursive");
  }
  return { recursive, startAfter, limit: limit === undefined ? undefined : Number(limit) };
}

/**
 * Returns an entry of a listing in its JSON form.
 *
 * @param entry The entry, with its path.
 * @returns Path and type, and of an image what the listing knows.
 */
export function entryToJson(entry: Line) {
  const { path, isDirectory, size, mtime, etag, contentType, format, virtualSize } = entry;
  if (isDirectory) return { path, type: "directory" };
  const modified = mtime ?? undefined;
  return { path, type: "image", size, modified, etag, contentType, format, virtualSize };
}

/** `vitrine ls`. */
export const ls: Command = {
  operands: "[PATH...]",
  count: [0, Infinity],
  options: [
    {
      name: "long",
      letters: ["l"],
      help: "sizes and times, and formats where the listing has them; ? is not known",
    },
    { name: "recursive", letters: ["R", "r"], help: "everything below" },
    { name: "limit", value: "N", help: "the first N names of a directory" },
    {
      name: "start-after",
      value: "NAME",
      help: "only names after this one; that of a directory ends with a slash",
    },
  ],
  candidates: "tree",
  examples: [
    "vitrine ls -l /local",
    "vitrine ls -R --json /",
    "vitrine ls --limit 100 --start-after debian-12.qcow2 /cloud",
  ],
  async run(session, args) {
    const { out, json, fail } = session;
    const paths = args.operands.length > 0 ? args.operands.map(parseTreePath) : ["/"];
    const scope = scopeOf(args);
    const { recursive } = scope;
    const vfs = await session.vfs();
    if (paths.includes("/") && !recursive) {
      for (const error of vfs.stores.failures.values()) fail(error);
    }
    const all: Record<string, unknown>[] = [];
    for (const path of paths) {
      try {
        const entries = await entriesOf(vfs, path, scope, session);
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
            const { size, mtime, format = "", virtualSize } = entry;
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
