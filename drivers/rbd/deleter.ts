/**
 * Deleting images. The last step is the one that removes the data, and a step that fails is undone.
 *
 * @module
 */
import { HasSnapshot, InUseByStore, NotFound, StorageFull } from "../../errors/mod.ts";
import type { DeleteResult } from "../../store/types.ts";
import type { PoolClient } from "./client.ts";
import { DELETED } from "./image_meta.ts";
import { SNAPSHOT } from "./location.ts";
import { delay, PAUSE } from "./rename.ts";
import type { Snapshot } from "./snapshot.ts";

/** How often an image is removed while a full cluster gives space back. */
const TRIES = 20;

/**
 * Deletes a whole image, in the order of glance_store: its snapshot is unprotected and removed, then the
 * image. What keeps the image from being removed is looked for first. If it cannot be removed all the same,
 * it gets its protected snapshot back. Where others have snapshots of it, or clones of the second format,
 * it is moved to the pool's trash.
 *
 * @param client The pool.
 * @param name The name of the image.
 * @param snapshot Its snapshot, which is closed.
 * @returns Why its data are kept, where they are.
 * @throws {InUseByStore} If a client has the image open, or it has clones or belongs to a group.
 */
export async function deleteImage(
  client: PoolClient,
  name: string,
  snapshot: Snapshot,
): Promise<DeleteResult> {
  const id = snapshot.info.imageId;
  let hasClones: boolean;
  try {
    if (await snapshot.watchers() > 0) throw new InUseByStore("a client has the image open");
    if (await snapshot.isInGroup()) throw new InUseByStore("the image belongs to a group");
    hasClones = await snapshot.hasClones();
  } finally {
    await snapshot.close();
  }
  await removeSnapshot(client, name, hasClones);
  try {
    await removeImage(client, name);
    return {};
  } catch (error) {
    try {
      if (error instanceof HasSnapshot) return await moveToTrash(client, name, hasClones);
      throw error;
    } catch (cause) {
      await restoreSnapshot(client, id);
      throw cause;
    }
  }
}

async function removeSnapshot(
  client: PoolClient,
  name: string,
  hasClones: boolean,
): Promise<void> {
  await using image = await client.openImage(name);
  try {
    await image.unprotect(SNAPSHOT);
  } catch (error) {
    if (!hasClones && !(error instanceof InUseByStore)) throw error;
    throw new InUseByStore("the image has clones", { cause: error });
  }
  try {
    await image.removeSnapshot(SNAPSHOT);
  } catch (error) {
    await image.protect(SNAPSHOT).catch(() => {});
    throw error;
  }
}

async function moveToTrash(
  client: PoolClient,
  name: string,
  hasClones: boolean,
): Promise<DeleteResult> {
  {
    await using image = await client.openImage(name);
    await image.setMetadata(DELETED, new Date().toISOString());
  }
  await client.moveToTrash(name);
  const reason = hasClones ? "it has clones" : "others have snapshots of it";
  return { kept: `the image is in the pool's trash, as ${reason}` };
}

/** Makes an image whole again, whatever its name is by now. It may be gone. */
async function restoreSnapshot(client: PoolClient, id: string): Promise<void> {
  try {
    await using image = await client.openImageById(id);
    await image.createSnapshot(SNAPSHOT);
    await image.protect(SNAPSHOT);
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
  }
}

/**
 * Removes an image without snapshots. librbd looks first whether it may, and then moves it to the trash,
 * which takes nothing while the cluster is full: then the image gives its space back first.
 *
 * @param client The pool.
 * @param name The name of the image.
 * @throws {HasSnapshot} If the image has snapshots.
 * @throws {InUseByStore} If somebody has it open, or it belongs to a group.
 */
export async function removeImage(client: PoolClient, name: string): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      return await client.remove(name);
    } catch (error) {
      // A full cluster also fails with ENOENT, while the image still has its name.
      const isFull = error instanceof StorageFull ||
        error instanceof NotFound && await client.idOf(name) !== undefined;
      if (!isFull || tries === TRIES) throw error;
    }
    if (tries === 0) {
      await using image = await client.openImage(name);
      await image.resize(0);
    }
    await delay(PAUSE);
  }
}
