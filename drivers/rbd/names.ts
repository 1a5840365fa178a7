/**
 * Names of images that are taken, or only look so.
 *
 * An image's name is kept in two places: an object of the name holds the image's id, and the pool's
 * directory the name of each id. Renaming changes one after the other, and a client that dies between
 * them leaves a name that says the id of an image with another.
 *
 * @module
 */
import { Duplicate } from "../../errors/mod.ts";
import type { Pool } from "./pool.ts";

/** Milliseconds after which a living client has taken its next step. */
export const PAUSE = 500;

/** Whether an image has that name. Takes the name back from one that has another. */
export async function isTaken(pool: Pool, name: string): Promise<boolean> {
  const id = await pool.idOf(name);
  if (id === undefined) return false;
  if (await pool.nameOf(id) === name) return true;
  // Another client may be about to take the next step.
  await delay(PAUSE);
  if (await pool.nameOf(id) === name) return true;
  await pool.forget(id, name);
  return await pool.idOf(name) !== undefined;
}

/** Renames the image of that id; throws `Duplicate`, and `NotFound` if it has not the name `from`. */
export async function rename(pool: Pool, id: string, from: string, to: string): Promise<void> {
  try {
    await pool.rename(id, from, to);
  } catch (error) {
    if (!(error instanceof Duplicate) || await isTaken(pool, to)) throw error;
    await pool.rename(id, from, to);
  }
}

/** Waits so many milliseconds. */
export function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
