/**
 * Directories out of flat names, for backends that have none.
 *
 * @module
 */
// Small: one function, which drivers outside this repository import too.
import type { ListEntry } from "./types.ts";

/**
 * What a listing of `directory` shows of images that the backend names flatly: with `recursive`
 * every image below, else one level, each directory once.
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
