/**
 * Pages of a listing: the entries after a name, the first ones in the order of names.
 *
 * @module
 */
import { Invalid } from "../errors/mod.ts";
import { compareNames } from "./listing.ts";
import type { ListEntry } from "./types.ts";

/** Which entries of a listing are wanted. */
export interface ListPage {
  /** Only entries after this name. Default: all. */
  startAfter: string | undefined;
  /** How many entries at most. Default: all. */
  limit: number | undefined;
}

/**
 * Validates which entries of a listing are wanted.
 *
 * @param page The name and the number, as the caller set them.
 * @throws {Invalid} If the name is no text, or the number is no whole number above 0.
 */
export function checkPage({ startAfter, limit }: ListPage): void {
  if (startAfter !== undefined && typeof startAfter !== "string") {
    throw new Invalid(`startAfter is a ${typeof startAfter}, allowed is a path`);
  }
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0)) {
    throw new Invalid(`limit is ${limit}, allowed is a whole number above 0`);
  }
}

/**
 * Returns the name after which a backend can start that lists by prefix.
 *
 * @param startAfter The name that the caller set.
 * @param directory The directory that is listed, `""` for the root.
 * @param recursive Whether everything below is listed.
 * @returns A name below the directory: without `recursive`, of the level that is listed. `undefined` where
 * it is not below.
 */
export function startBelow(
  startAfter: string | undefined,
  directory: string,
  recursive: boolean,
): string | undefined {
  const prefix = directory === "" ? "" : `${directory}/`;
  if (!startAfter?.startsWith(prefix) || startAfter === prefix) return undefined;
  const slash = recursive ? -1 : startAfter.indexOf("/", prefix.length);
  return slash < 0 ? startAfter : startAfter.slice(0, slash + 1);
}

/**
 * Returns the name by which an entry is ordered: its path, with a slash at the end of a directory's.
 *
 * @param entry The entry.
 * @returns The name.
 */
export function nameOf({ path, kind }: ListEntry): string {
  return kind === "directory" ? `${path}/` : path;
}

/**
 * Selects the entries after a name and, with a limit, the first of them in order. It holds at most twice as
 * many entries as the limit.
 *
 * @typeParam T The type of an entry.
 * @param entries The entries, in any order.
 * @param page Which are wanted.
 * @param nameOf Returns the name by which an entry is ordered.
 * @returns The entries, in order if there is a limit.
 */
export async function* selectPage<T>(
  entries: AsyncIterable<T>,
  { startAfter, limit }: ListPage,
  nameOf: (entry: T) => string,
): AsyncGenerator<T> {
  const byName = (a: T, b: T) => compareNames(nameOf(a), nameOf(b));
  let first: T[] = [];
  let isFull = false;
  for await (const entry of entries) {
    if (startAfter !== undefined && compareNames(nameOf(entry), startAfter) <= 0) continue;
    if (limit === undefined) {
      yield entry;
      continue;
    }
    if (isFull && byName(entry, first[limit - 1]!) >= 0) continue;
    first.push(entry);
    if (first.length < 2 * limit) continue;
    first = first.sort(byName).slice(0, limit);
    isFull = true;
  }
  yield* first.sort(byName).slice(0, limit);
}
