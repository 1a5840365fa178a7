/**
 * Pages of a directory of the tree: the entries after a name, the first ones in the order of names.
 *
 * @module
 */
import { NotFound, StoreError } from "../errors/mod.ts";
import { checkPage, type ListPage, selectPage } from "../store/ordered_list.ts";
import { setTreePath } from "./errors.ts";
import type { DirEntry } from "./file_info.ts";

/**
 * Reads a page of a directory.
 *
 * @param read Reads at least the entries of a page, in any order. It throws `NotFound` if there are none.
 * @param path The path of the directory, for errors.
 * @param page Which entries are wanted.
 * @returns The entries, in order if there is a limit. After the last name there are none.
 * @throws {NotFound} If there is no such directory.
 * @throws {Invalid} If the page is malformed.
 */
export async function* readPage(
  read: (page: ListPage) => AsyncGenerator<DirEntry>,
  path: string,
  { startAfter, limit }: Partial<ListPage>,
): AsyncGenerator<DirEntry> {
  const page = { startAfter, limit };
  try {
    checkPage(page);
  } catch (error) {
    throw setTreePath(
      error instanceof StoreError ? error.at({ operation: "readDir" }) : error,
      path,
    );
  }
  try {
    yield* selectPage(read(page), page, nameOf);
  } catch (error) {
    if (startAfter === undefined || !(error instanceof NotFound)) throw error;
    // All names may come before.
    const first = read({ startAfter: undefined, limit: 1 });
    await first.next();
    await first.return(undefined);
  }
}

/** The name by which an entry is ordered. */
function nameOf({ name, isDirectory }: DirEntry): string {
  return isDirectory ? `${name}/` : name;
}
