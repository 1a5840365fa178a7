/**
 * Renaming images, and names that only look taken.
 *
 * An image's name is kept in two places: an object of the name holds the image's id, and the pool's
 * directory the name of each id. `rbd_rename` writes the new object exclusively, so that of two renames to
 * one name only one succeeds, then the directory, and removes the old object; a journal records it, so
 * that mirrors do the same. A client that dies between the steps leaves a name that says the id of an image
 * with another name.
 *
 * @module
 */
import { Duplicate, InUseByStore, NotFound } from "../../errors/mod.ts";
import type { PoolClient } from "./client.ts";

/** Milliseconds after which a living client has usually taken its next step. */
export const PAUSE = 500;

/** Milliseconds after which a client that has not taken its next step has certainly died: an hour. */
const STALE = 3_600_000;

/**
 * Returns whether an image has that name. A name that a broken rename left is taken back after an hour.
 *
 * @param client The pool.
 * @param name The name.
 * @returns Whether it is taken.
 * @throws {Duplicate} If another client may be renaming an image to it.
 */
export async function isTaken(client: PoolClient, name: string): Promise<boolean> {
  const id = await client.idOf(name);
  if (id === undefined) return false;
  if (await client.nameOf(id) === name) return true;
  // Another client may be about to take the next step.
  await delay(PAUSE);
  if (await client.nameOf(id) === name) return true;
  const since = await client.namedAt(name);
  if (await client.idOf(name) === undefined) return false;
  if (Date.now() - since.getTime() < STALE) {
    throw new Duplicate(
      "another client is giving an image that name, or died while it did: then it is free after an hour",
    );
  }
  await client.forget(id, name);
  return await client.idOf(name) !== undefined;
}

/**
 * Renames an image, and looks whether it has the name then.
 *
 * @param client The pool.
 * @param id The id of the image.
 * @param from Its name.
 * @param to Its new name.
 * @throws {Duplicate} If an image has the new name.
 * @throws {NotFound} If no image has the name `from`, or if the image has neither name afterwards.
 */
export async function renameImage(
  client: PoolClient,
  id: string,
  from: string,
  to: string,
): Promise<void> {
  // What a broken rename left of the new name would be in the way.
  if (await isTaken(client, to)) throw new Duplicate("the image exists already");
  try {
    await client.rename(from, to);
  } catch (error) {
    // Another rename of the image was faster: its directory entry is not the one that librbd expected. After
    // any other error the name may be one that another client is giving it.
    const isOurs = error instanceof InUseByStore || error instanceof NotFound;
    const isHalf = isOurs && await client.idOf(to) === id && await client.nameOf(id) !== to;
    if (isHalf) await client.forget(id, to);
    throw error;
  }
  await proveRenamed(client, id, from, to);
}

/**
 * Throws unless the image has the new name. librbd looks whether the name is free, and takes EEXIST after that for
 * the trace of its own request, sent twice: it reports success although another image was faster (Ceph 16).
 */
async function proveRenamed(
  client: PoolClient,
  id: string,
  from: string,
  to: string,
): Promise<void> {
  const [name, owner] = await Promise.all([client.nameOf(id), client.idOf(to)]);
  if (name === to && owner === id) return;
  if (name === from) throw new Duplicate("another client gave an image that name at the same time");
  throw new NotFound(`another client changed the image's name at the same time: it is ${name}`);
}

/** Waits so many milliseconds. */
export function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
