/**
 * The images of a pool that are whole.
 *
 * @module
 */
import { NotFound } from "../../errors/mod.ts";
import { checkImageId } from "../../location/mod.ts";
import { abortable } from "../../streams/abort.ts";
import type { ListEntry } from "../../store/types.ts";
import { SNAPSHOT } from "./location.ts";
import type { Pool } from "./pool.ts";
import { isStagedName } from "./staging.ts";

/** Images looked at at once. */
const DEPTH = 8;

/** Whether an RBD image's name can be an image id. */
export function isImageName(name: string): boolean {
  try {
    return !isStagedName(checkImageId(name));
  } catch {
    return false;
  }
}

/** The whole images below a directory. The pool tells names alone, so each one is looked at. */
export async function* wholeImages(
  pool: Pool,
  directory: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ListEntry> {
  const abort = abortable(signal);
  try {
    const prefix = directory === "" ? "" : `${directory}/`;
    const names = (await abort.race(pool.names()))
      .filter((name) => name.startsWith(prefix) && isImageName(name));
    const ahead: Promise<ListEntry | undefined>[] = [];
    while (names.length > 0 || ahead.length > 0) {
      while (names.length > 0 && ahead.length < DEPTH) {
        const entry = entryOf(pool, names.pop()!);
        entry.catch(() => {});
        ahead.push(entry);
      }
      const entry = await abort.race(ahead.shift()!);
      if (entry !== undefined) yield entry;
    }
  } finally {
    abort.dispose();
  }
}

async function entryOf(pool: Pool, path: string): Promise<ListEntry | undefined> {
  try {
    await using snapshot = await pool.openSnapshot(path, SNAPSHOT);
    const { etag, info: { size, created: modified } } = snapshot;
    return { path, kind: "image", size, modified, etag };
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}
