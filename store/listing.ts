/**
 * Directories out of flat names, for backends that have none.
 *
 * @module
 */
// Small: one function, which drivers outside this repository import too.
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
