/**
 * What adds and deletes that never ended left in the pool.
 *
 * An image is whole once it has the snapshot `snap`. One without any snapshot, that nobody has open, is what
 * an upload left that was killed, of this driver or of glance_store. An image that was deleted while it had
 * clones or other people's snapshots is in the pool's trash, marked by this driver.
 *
 * @module
 */
import { HasSnapshot, InUseByStore, NotFound } from "../../errors/mod.ts";
import type { Leftover, ScanOptions } from "../../store/types.ts";
import { raceAbort } from "../../streams/abort.ts";
import type { PoolClient } from "./client.ts";
import { removeImage } from "./deleter.ts";
import type { Image } from "./image.ts";
import { ADDING, DELETED } from "./image_meta.ts";
import { isWhole } from "./lister.ts";
import { delay, PAUSE } from "./rename.ts";

/**
 * Lists the unfinished images of a pool, and the deleted ones in its trash.
 *
 * @param client The pool.
 * @param options The abort signal, and what to call with what cannot be judged.
 * @returns The leftovers.
 */
export async function* leftovers(
  client: PoolClient,
  { signal, onSkipped }: ScanOptions,
): AsyncGenerator<Leftover> {
  const judge = async (path: string, look: () => Promise<Leftover | undefined>) => {
    try {
      return await raceAbort(look(), signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof NotFound)) onSkipped({ path, reason: error as Error });
      return undefined;
    }
  };
  for (const name of await raceAbort(client.names(), signal)) {
    const leftover = await judge(name, () => unfinishedImage(client, name));
    if (leftover) yield leftover;
  }
  for (const { id, name } of await raceAbort(client.trash(), signal)) {
    const leftover = await judge(name, () => deletedImage(client, id, name));
    if (leftover) yield leftover;
  }
}

/** What is known of an image that no snapshot makes whole, unless somebody has it open. */
async function unfinishedImage(client: PoolClient, path: string): Promise<Leftover | undefined> {
  if (await isWhole(client, path)) return undefined;
  let image: Image;
  try {
    image = await client.openHead(path);
  } catch (error) {
    if (error instanceof NotFound) return await nameAlone(client, path);
    throw error;
  }
  await using _image = image;
  const id = await image.id();
  if (await image.watchers() > 0 || await image.snapshots() > 0) return undefined;
  // A clone without snapshots is the disk of a machine, unless this driver was making it.
  if (await image.parent() !== undefined && await image.metadata(ADDING) === undefined) {
    return undefined;
  }
  const { size, modified: since } = await image.state();
  const remove = () => removeUnfinished(client, path, id);
  return { path, kind: "image", since, size, remove };
}

/** A name without an image: its client was killed while it created or removed one. */
async function nameAlone(client: PoolClient, path: string): Promise<Leftover | undefined> {
  const since = await client.namedAt(path);
  // Whoever is creating it has its header soon.
  await delay(PAUSE);
  try {
    await (await client.openHead(path)).close();
    return undefined;
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
  }
  return { path, kind: "name", since, remove: () => removeName(client, path) };
}

async function removeName(client: PoolClient, name: string): Promise<void> {
  try {
    await removeImage(client, name);
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
  }
}

/**
 * Removes an unfinished image. One that has become whole, or another of its name, is left alone.
 *
 * @param client The pool.
 * @param name The name of the image.
 * @param id The id that the image must have.
 * @throws {InUseByStore} If somebody has it open, or it has a snapshot by now.
 */
export async function removeUnfinished(
  client: PoolClient,
  name: string,
  id: string,
): Promise<void> {
  if (await client.idOf(name) !== id) return;
  try {
    {
      await using image = await client.openHead(name);
      if (await image.snapshots() > 0) throw new InUseByStore("the image has a snapshot by now");
      if (await image.watchers() > 0) throw new InUseByStore("a client has the image open");
    }
    await removeImage(client, name);
  } catch (error) {
    // Its own client may be removing it at the same time.
    if (error instanceof NotFound) return;
    if (!(error instanceof HasSnapshot)) throw error;
    throw new InUseByStore("the image has a snapshot by now", { cause: error });
  }
}

/** What is known of an image in the trash, if this driver deleted it. */
async function deletedImage(
  client: PoolClient,
  id: string,
  path: string,
): Promise<Leftover | undefined> {
  await using image = await client.openHeadById(id);
  const deleted = await image.metadata(DELETED);
  if (deleted === undefined) return undefined;
  const { size } = await image.state();
  const since = new Date(deleted);
  const remove = () => client.removeFromTrash(id);
  return { path, kind: "trash", since: isNaN(+since) ? undefined : since, size, remove };
}
