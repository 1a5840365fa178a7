/**
 * Everything below a directory out of one recursive listing of its store.
 *
 * @module
 */
import type { ListEntry } from "../store/mod.ts";
import { DIRECTORY, dirEntry } from "./file_info.ts";
import { joinName, type WalkEntry } from "./walk.ts";

/**
 * Yields images and directories, each directory once and before what it holds.
 *
 * @param images The images, in any order: a recursive listing, in which a directory may come without one.
 * @param directory The directory in the store that was listed; empty for all of the store.
 * @param path The path that it has in the tree.
 * @returns The entries, with their paths in the tree.
 */
export async function* entriesOfTree(
  images: AsyncIterable<ListEntry>,
  directory: string,
  path: string,
): AsyncGenerator<WalkEntry> {
  const prefix = directory === "" ? 0 : directory.length + 1;
  const seen = new Set<string>();
  for await (const image of images) {
    const below = image.path.slice(prefix);
    const added: string[] = [];
    // From the innermost one up, as mostly all of them have been yielded.
    const start = image.kind === "directory" ? below.length : below.lastIndexOf("/");
    for (let at = start; at > 0; at = below.lastIndexOf("/", at - 1)) {
      const parent = below.slice(0, at);
      if (seen.has(parent)) break;
      seen.add(parent);
      added.unshift(parent);
    }
    for (const one of added) {
      const name = one.slice(one.lastIndexOf("/") + 1);
      yield { name, ...DIRECTORY, path: joinName(path, one) };
    }
    if (image.kind === "image") yield { ...dirEntry(image), path: joinName(path, below) };
  }
}
