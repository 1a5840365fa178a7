/**
 * What lies below a directory of the tree, for the commands that go on where one store fails.
 *
 * @module
 */
import { BitMasks } from "../capabilities/mod.ts";
import { StoreListNotSupported } from "../errors/mod.ts";
import type { DirEntry, Vfs } from "../vfs/mod.ts";
import type { Session } from "./command.ts";

/** A name in a directory, with its path. */
export interface Line extends DirEntry {
  /** The path of the tree. */
  path: string;
}

/**
 * A directory's names in order, with all below them where asked. What fails below it goes to `fail`
 * and the rest goes on; a store that cannot list has nothing below it. Throws why the directory
 * itself cannot be read.
 */
export async function* below(
  vfs: Vfs,
  path: string,
  recursive: boolean,
  session: Session,
  fail: (error: unknown, path: string) => void = session.fail,
): AsyncGenerator<Line> {
  const base = path.endsWith("/") ? path : `${path}/`;
  for (const entry of await sorted(vfs, path, session)) {
    const at = base + entry.name;
    yield { ...entry, path: at };
    if (!recursive || !entry.isDirectory) continue;
    try {
      yield* below(vfs, at, true, session, fail);
    } catch (error) {
      if (!isOfStoreWithoutLists(vfs, error)) fail(error, at);
    }
  }
}

/** Whether it says of a store that it can list nothing at all; of a mere directory it is a failure. */
export function isOfStoreWithoutLists({ stores }: Vfs, error: unknown): boolean {
  return error instanceof StoreListNotSupported && error.store !== undefined &&
    !stores.getStoreFromStoreIdentifier(error.store).isCapable(BitMasks.LIST);
}

/** A directory's names in order: a person reads them. One directory at a time is in memory. */
export async function sorted(
  vfs: Vfs,
  path: string,
  { signal, context }: Session,
): Promise<DirEntry[]> {
  return (await Array.fromAsync(vfs.readDir(path, { signal, context }))).sort(byName);
}

/** The order of names. */
export function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
