/**
 * An image that is being made. It has its name from the beginning, and is whole with its snapshot `snap`:
 * until then no store shows it, as glance_store has it.
 *
 * @module
 */
import { Duplicate } from "../../errors/mod.ts";
import type { PoolClient } from "./client.ts";
import { removeImage } from "./deleter.ts";
import type { Image } from "./image.ts";
import { ADDING } from "./image_meta.ts";
import { isWhole } from "./lister.ts";
import { SNAPSHOT } from "./location.ts";
import { isTaken } from "./rename.ts";

/** Milliseconds that a failed operation waits until its image is removed. */
const GRACE = 5_000;

/** An image that is being made, open for writing. */
export class NewImage {
  /** The image. */
  readonly image: Image;
  readonly #client: PoolClient;
  readonly #name: string;
  readonly #id: string;
  #published: Promise<void> | undefined;
  #discarded: Promise<void> | undefined;

  private constructor(client: PoolClient, name: string, id: string, image: Image) {
    this.#client = client;
    this.#name = name;
    this.#id = id;
    this.image = image;
    client.newImages.add(this);
  }

  /**
   * Creates an image.
   *
   * @param client The pool.
   * @param name The name of the image.
   * @param create Creates it; fails with `Duplicate` if the name is taken.
   * @returns The image, held open.
   * @throws {Duplicate} If there is an image, whole or not.
   */
  static async create(
    client: PoolClient,
    name: string,
    create: () => Promise<void>,
  ): Promise<NewImage> {
    try {
      await create();
    } catch (error) {
      if (!(error instanceof Duplicate)) throw error;
      if (await isTaken(client, name)) throw await duplicate(client, name);
      await create();
    }
    const image = await client.openImage(name);
    try {
      const made = new NewImage(client, name, await image.id(), image);
      await image.setMetadata(ADDING, new Date().toISOString());
      return made;
    } catch (error) {
      await image.close();
      await removeImage(client, name).catch(() => {});
      throw error;
    }
  }

  /**
   * Makes the image visible, whole.
   *
   * @param metadata Texts to keep with it, by key.
   */
  publish(metadata: Readonly<Record<string, string>>): Promise<void> {
    return this.#published = this.#publish(metadata);
  }

  async #publish(metadata: Readonly<Record<string, string>>): Promise<void> {
    const texts = Object.entries(metadata);
    await Promise.all(texts.map(([key, value]) => this.image.setMetadata(key, value)));
    await this.image.removeMetadata(ADDING);
    await this.image.createSnapshot(SNAPSHOT);
    await this.image.protect(SNAPSHOT);
    this.#client.newImages.delete(this);
    await this.image.close();
  }

  /**
   * Removes the image, unless it is or becomes visible. A cluster that does not respond is waited for
   * for 5 s; later the image is removed in the background, or by `gc`.
   */
  async discard(): Promise<void> {
    const discarded = this.#discarded ??= this.#discard();
    discarded.catch(() => {});
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, GRACE);
    try {
      await Promise.race([discarded, late]);
    } finally {
      clearTimeout(timer);
      this.#client.newImages.delete(this);
    }
  }

  async #discard(): Promise<void> {
    const published = await this.#published?.then(() => true, () => false);
    if (published) return;
    try {
      // A snapshot that could not be protected makes it whole, though its add has failed.
      if (this.#published && await this.image.snapshots() > 0) {
        await this.image.unprotect(SNAPSHOT);
        await this.image.removeSnapshot(SNAPSHOT);
      }
    } finally {
      await this.image.close();
    }
    if (await this.#client.idOf(this.#name) !== this.#id) return;
    await removeImage(this.#client, this.#name);
  }
}

/**
 * Creates the error of a name that is taken.
 *
 * @param client The pool.
 * @param name The name.
 * @returns The error, which says whether the image there is whole.
 */
export async function duplicate(client: PoolClient, name: string): Promise<Duplicate> {
  // One that cannot be looked at is there all the same.
  if (await isWhole(client, name).catch(() => true)) {
    return new Duplicate("the image exists already");
  }
  return new Duplicate(
    "an unfinished image has that name: it is being added, or gc removes what an upload left",
  );
}
