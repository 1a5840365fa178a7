/**
 * Names in listings: their order, and directories out of flat names for backends that have none.
 *
 * @module
 */
// Small: drivers outside this repository import it too.
import type { ListEntry } from "./types.ts";

/**
 * Yields what a listing of a directory shows, for a backend that has no directories of its own.
 *
 * @param images The images of the store, or at least those below the directory.
 * @param directory The path of the directory, without a slash at its end. The root is empty text.
 * @param recursive Whether to yield every image below it instead of one level.
 * @returns The images, and for one level each directory once.
 *
 * @example One level of flat names
 * ```ts
 * import { entriesBelow } from "@vitrine/vitrine";
 * import { assertEquals } from "@std/assert";
 *
 * const images = ["a/x", "a/y", "b"].map((path) => ({ path, kind: "image" as const }));
 * const names = (await Array.fromAsync(entriesBelow(images, "", false))).map(({ path }) => path);
 * assertEquals(names, ["a", "b"]);
 * ```
 */
export async function* entriesBelow(
  images: Iterable<ListEntry> | AsyncIterable<ListEntry>,
  directory: string,
  recursive: boolean,
): AsyncGenerator<ListEntry> {
  const prefix = directory === "" ? "" : `${directory}/`;
  const seen = new Set<string>();
  for await (const image of images) {
    if (!image.path.startsWith(prefix)) continue;
    const slash = recursive ? -1 : image.path.indexOf("/", prefix.length);
    if (slash < 0) {
      yield image;
      continue;
    }
    const path = image.path.slice(0, slash);
    if (!seen.has(path)) {
      seen.add(path);
      yield { path, kind: "directory" };
    }
  }
}

/**
 * Compares names by their bytes in UTF-8, as Amazon S3 and Swift sort them.
 *
 * @param a A name.
 * @param b Another name.
 * @returns A negative number if `a` comes first, 0 if they are equal, else a positive number.
 */
export function compareNames(a: string, b: string): number {
  for (let at = 0; at < a.length && at < b.length; at++) {
    let [x, y] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (x === y) continue;
    // Surrogates stand for code points above those from U+E000 on, though their units are less.
    if (x >= 0xd800 && y >= 0xd800) {
      [x, y] = [x, y].map((unit) => (unit + 0x2000) % 0x10000) as [
        number,
        number,
      ];
    }
    return x - y;
  }
  return a.length - b.length;
}
