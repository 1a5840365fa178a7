/**
 * Everything below a directory out of one recursive listing of its store.
 *
 * @module
 */
import type { ListEntry, SkippedEntry, Store } from "../store/mod.ts";
import { setTreePath } from "./errors.ts";
import { DIRECTORY, dirEntry } from "./file_info.ts";
import { joinName, type ReadDirOptions, type WalkEntry } from "./walk.ts";

/**
 * Lists everything below a directory of a store that lists flatly.
 *
 * @param store The store.
 * @param directory The directory in the store; empty for all of the store.
 * @param path The path that it has in the tree.
 * @param options What to call with names that are passed over, a signal and the caller.
 * @returns The entries, with their paths in the tree, each directory once and before what it holds.
 */
export async function* listTree(
  store: Store,
  directory: string,
  path: string,
  { signal, context, onSkipped }: ReadDirOptions,
): AsyncGenerator<WalkEntry> {
  const prefix = directory === "" ? 0 : directory.length + 1;
  const directories: ListEntry[] = [];
  const images = store.list({
    signal,
    context,
    directory,
    recursive: true,
    onDirectory: (path) => void directories.push({ path, kind: "directory" }),
    onSkipped: (skipped: SkippedEntry) => {
      onSkipped?.({ path: joinName(path, skipped.path.slice(prefix)), reason: skipped.reason });
    },
  });
  try {
    yield* entriesOf(interleaved(images, directories), prefix, path);
  } catch (error) {
    throw setTreePath(error, path);
  }
}

/** Yields the images of a listing, and before each the directories that the listing has reported. */
async function* interleaved(
  images: AsyncIterable<ListEntry>,
  directories: ListEntry[],
): AsyncGenerator<ListEntry> {
  for await (const image of images) {
    yield* directories.splice(0);
    yield image;
  }
  yield* directories.splice(0);
}

/** Yields images and directories out of a listing, in which a directory may come without an image. */
async function* entriesOf(
  images: AsyncIterable<ListEntry>,
  prefix: number,
  path: string,
): AsyncGenerator<WalkEntry> {
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
