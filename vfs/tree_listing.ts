/**
 * Everything below a directory out of one recursive listing of its store.
 *
 * @module
 */
import type { SkippedEntry, Store } from "../store/mod.ts";
import { setTreePath } from "./errors.ts";
import { DIRECTORY, dirEntry } from "./file_info.ts";
import { joinName, type ReadTreeOptions, type WalkEntry } from "./walk.ts";

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
  { signal, context, onSkipped }: ReadTreeOptions,
): AsyncGenerator<WalkEntry> {
  const prefix = directory === "" ? 0 : directory.length + 1;
  const seen = new Set<string>();
  const added: WalkEntry[] = [];
  /** Adds a directory and those above it, as far as they are new. */
  const addDirectory = (below: string) => {
    const start = added.length;
    // From the innermost one up, as mostly all of them have been yielded.
    for (let name = below; name !== "" && !seen.has(name); name = parentOf(name)) {
      seen.add(name);
      const entry = { name: name.slice(name.lastIndexOf("/") + 1), ...DIRECTORY };
      added.splice(start, 0, { ...entry, path: joinName(path, name) });
    }
  };
  const images = store.list({
    signal,
    context,
    directory,
    recursive: true,
    onDirectory: (path) => addDirectory(path.slice(prefix)),
    onSkipped: (skipped: SkippedEntry) => {
      onSkipped?.({ path: joinName(path, skipped.path.slice(prefix)), reason: skipped.reason });
    },
  });
  try {
    for await (const image of images) {
      const below = image.path.slice(prefix);
      addDirectory(parentOf(below));
      if (added.length > 0) yield* added.splice(0);
      yield Object.assign(dirEntry(image), { path: joinName(path, below) });
    }
    yield* added.splice(0);
  } catch (error) {
    throw setTreePath(error, path);
  }
}

/** Returns the path of the directory that a path is in, `""` for the root. */
function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
