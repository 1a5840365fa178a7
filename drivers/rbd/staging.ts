/**
 * Images that are not whole yet, or not any more: they bear names that no store shows.
 *
 * An image is written under such a name, held by the watcher of whoever writes it, and renamed once
 * it is whole; deleting it begins by renaming it back. What a crash leaves has no watcher, and the
 * next store that is configured for writing sweeps it.
 *
 * @module
 */
import { HasSnapshot, InUseByStore, NotFound } from "../../errors/mod.ts";
import type { Leftover } from "../../store/types.ts";
import type { Image } from "./image.ts";
import { SNAPSHOT } from "./location.ts";
import { delay, PAUSE, rename } from "./names.ts";
import type { Pool } from "./pool.ts";

/** The name of an image on its way holds the one that it comes to, or had. */
const NAME = /^\.vitrine-[0-9a-f]{16}-(.*)$/s;
/** Milliseconds that a failed operation waits until its image is removed. */
const GRACE = 5_000;
/** How often something is tried again. */
const TRIES = 20;

/** Whether a name is one of those that no store shows. */
export function isStagedName(name: string): boolean {
  return NAME.test(name);
}

/** A name that no image has, for the image of that name on its way. */
export function stagedName(name: string): string {
  const random = crypto.getRandomValues(new Uint8Array(8)).toHex();
  return `.vitrine-${random}-${name}`;
}

/** An image that is being made. */
export class StagedImage {
  /** The image, open for writing. */
  readonly image: Image;
  readonly #pool: Pool;
  readonly #name: string;
  readonly #staged: string;
  #published: Promise<void> | undefined;
  #gone: Promise<void> | undefined;

  private constructor(pool: Pool, name: string, staged: string, image: Image) {
    this.#pool = pool;
    this.#name = name;
    this.#staged = staged;
    this.image = image;
    pool.staged.add(this);
  }

  /** Makes what is to be the image of that name, with a function that is given its name for now. */
  static async make(
    pool: Pool,
    name: string,
    make: (staged: string) => Promise<void>,
  ): Promise<StagedImage> {
    for (;;) {
      const staged = stagedName(name);
      await make(staged);
      try {
        return new StagedImage(pool, name, staged, await pool.openImage(staged));
      } catch (error) {
        // Nobody held the image for a moment: another store may have swept it.
        if (error instanceof NotFound) continue;
        await pool.remove(staged).catch(() => {});
        throw error;
      }
    }
  }

  /** Makes the image visible, whole, with the texts kept by key. Throws `Duplicate`. */
  publish(metadata: Readonly<Record<string, string>>): Promise<void> {
    return this.#published = this.#publish(metadata);
  }

  async #publish(metadata: Readonly<Record<string, string>>): Promise<void> {
    const texts = Object.entries(metadata);
    await Promise.all(texts.map(([key, value]) => this.image.setMetadata(key, value)));
    await this.image.createSnapshot(SNAPSHOT);
    await this.image.protect(SNAPSHOT);
    await rename(this.#pool, await this.image.id(), this.#staged, this.#name);
    this.#pool.staged.delete(this);
    await this.image.close();
  }

  /**
   * Removes the image, unless it is or becomes visible. A cluster that does not answer is waited for a
   * while; later the image goes in the background, or by a sweep.
   */
  async discard(): Promise<void> {
    const gone = this.#gone ??= this.#discard();
    gone.catch(() => {});
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, GRACE);
    try {
      await Promise.race([gone, late]);
    } finally {
      clearTimeout(timer);
      this.#pool.staged.delete(this);
    }
  }

  async #discard(): Promise<void> {
    const published = this.#published?.then(() => true, () => false);
    if (await published) return;
    await this.image.close();
    await discard(this.#pool, this.#staged);
  }
}

/** What a staged image tells of itself; nothing if somebody is making or removing it. */
export async function leftoverOf(pool: Pool, name: string): Promise<Leftover | undefined> {
  try {
    await using image = await pool.openImage(name);
    if (await image.watchers() > 1) return undefined;
    const { size, modified: since } = await image.state();
    const path = NAME.exec(name)![1]!;
    const remove = async () => void await discard(pool, name, PAUSE);
    return { path, kind: "image", since, size, remove };
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}

/** Removes staged images that nobody is making or removing, until `signal` aborts. */
export async function sweep(
  pool: Pool,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const name of names) {
    if (signal.aborted) return;
    // Long enough for one who has just made the image to open it too.
    await discard(pool, name, PAUSE).catch(() => {});
  }
}

/**
 * Removes a staged image that was whole, also where others look into it for a while. Where they go on,
 * its data go by a later sweep.
 */
export async function removeStaged(pool: Pool, name: string): Promise<void> {
  for (let tries = 0; !await discard(pool, name) && tries < TRIES; tries++) await delay(PAUSE);
}

/**
 * Removes an image, unless somebody else has it open `pause` milliseconds later: then a later sweep
 * does, if it is a staged one. Resolves to whether there is no image of that name any more.
 */
async function discard(pool: Pool, name: string, pause = 0): Promise<boolean> {
  try {
    await using image = await pool.openImage(name);
    if (pause > 0) await delay(pause);
    if (await image.watchers() > 1) return false;
    const id = await image.id();
    // Whoever had it open until a moment ago may have given it its name.
    if (await pool.idOf(name) !== id) return true;
    // Between two steps of renaming a staged image has both names.
    const other = NAME.exec(name)?.[1];
    if (other !== undefined && await pool.idOf(other) === id) await pool.forget(id, other);
    if (await image.snapshots() > 0) {
      await image.unprotect(SNAPSHOT);
      await image.removeSnapshot(SNAPSHOT);
    }
    await image.close();
    await remove(pool, name);
    return true;
  } catch (error) {
    if (error instanceof NotFound) return true;
    if (error instanceof InUseByStore) return false;
    throw error;
  }
}

/**
 * Removes an image without snapshots. librbd does it by way of the pool's trash, which takes nothing
 * while the cluster is full, so the image gives its space back first, and the cluster some time.
 */
export async function remove(pool: Pool, name: string): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      return await pool.remove(name);
    } catch (error) {
      const there = await pool.idOf(name) !== undefined;
      const isHeld = error instanceof InUseByStore || error instanceof HasSnapshot;
      if (!there || isHeld || tries === TRIES) throw error;
    }
    if (tries === 0) {
      await using image = await pool.openImage(name);
      await image.resize(0);
    }
    await delay(PAUSE);
  }
}
