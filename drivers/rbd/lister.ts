/**
 * The images of a pool that are whole.
 *
 * @module
 */
import { NotFound } from "../../errors/mod.ts";
import { checkImageId } from "../../location/mod.ts";
import { abortable } from "../../streams/abort.ts";
import type { ListEntry, ScanOptions, SkippedEntry } from "../../store/types.ts";
import { SNAPSHOT } from "./location.ts";
import type { PoolClient } from "./client.ts";

/** Images looked at at once. */
const DEPTH = 8;

/** Returns whether an RBD image's name can be an image id. */
export function isImageName(name: string): boolean {
  try {
    return checkImageId(name) === name;
  } catch {
    return false;
  }
}

/**
 * Lists the whole images below a directory. The pool lists names alone, so each one is opened. One that
 * cannot be, or whose name is no image id, is passed over.
 *
 * @param client The pool.
 * @param directory The directory; empty for all images.
 * @param options The abort signal, and what to call with what is passed over.
 * @returns The images, in no order.
 */
export async function* wholeImages(
  client: PoolClient,
  directory: string,
  { signal, onSkipped }: ScanOptions,
): AsyncGenerator<ListEntry> {
  const abort = abortable(signal);
  try {
    const prefix = directory === "" ? "" : `${directory}/`;
    const names = (await abort.race(client.names())).filter((name) => name.startsWith(prefix));
    const ahead: Promise<ListEntry | SkippedEntry | undefined>[] = [];
    while (names.length > 0 || ahead.length > 0) {
      while (names.length > 0 && ahead.length < DEPTH) ahead.push(entryOf(client, names.pop()!));
      const entry = await abort.race(ahead.shift()!);
      if (entry === undefined) continue;
      if ("reason" in entry) onSkipped(entry);
      else yield entry;
    }
  } finally {
    abort.dispose();
  }
}

/** What a listing has of an image, or why it has nothing; `undefined` for one that is not whole. */
async function entryOf(
  client: PoolClient,
  path: string,
): Promise<ListEntry | SkippedEntry | undefined> {
  try {
    await using snapshot = await client.openSnapshot(path, SNAPSHOT);
    checkImageId(path);
    const { etag, info: { size, created: modified } } = snapshot;
    return { path, kind: "image", size, modified, etag };
  } catch (error) {
    return error instanceof NotFound ? undefined : { path, reason: error as Error };
  }
}

/**
 * Returns whether the pool has a whole image of that name.
 *
 * @param client The pool.
 * @param name The name of the image.
 * @returns Whether it has the snapshot that makes an image whole.
 */
export async function isWhole(client: PoolClient, name: string): Promise<boolean> {
  try {
    await using _snapshot = await client.openSnapshot(name, SNAPSHOT);
    return true;
  } catch (error) {
    if (error instanceof NotFound) return false;
    throw error;
  }
}
