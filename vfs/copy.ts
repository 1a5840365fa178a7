/**
 * Copies and moves of images, inside a store and across stores.
 *
 * @module
 */
import { BitMasks } from "../capabilities/mod.ts";
import { Duplicate, Invalid, StoreDeleteNotSupported } from "../errors/mod.ts";
import { copyByStream, type CopyOptions, moveByCopy } from "../store/copy.ts";
import type { CopyResult, Store } from "../store/mod.ts";

/** An image in a store, there already or to be. */
export interface ImagePlace {
  /** The store. */
  store: Store;
  /** The image id. */
  imageId: string;
}

/**
 * Copies an image: by the backend itself inside a store that can, else as a stream in bounded
 * memory, with the source's digests checked before the copy appears.
 *
 * @param from The image.
 * @param to Where the copy will be.
 * @param options Whether to verify, and what every operation takes.
 * @returns Where the copy is, and its digests where they were computed on the way.
 * @throws {Duplicate} If there is an image already, or both are the same.
 * @throws {StoreError} What the stores throw.
 */
export async function copyImage(
  from: ImagePlace,
  to: ImagePlace,
  options: CopyOptions,
): Promise<CopyResult> {
  const { signal, context } = options;
  if (from.store === to.store) {
    if (from.imageId === to.imageId) throw new Duplicate("an image cannot be copied onto itself");
    await from.store.configure();
    if (!options.verify && from.store.isCapable(BitMasks.COPY)) {
      return await from.store.copy(from.imageId, to.imageId, options);
    }
  }
  const known = await from.store.stat(from.imageId, { signal, context });
  return await copyByStream({ store: from.store, image: from.imageId }, known, to, options);
}

/**
 * Moves an image. Across stores, it is deleted from the first only when the second has the whole of it,
 * checked by size and digest, and the first has not changed meanwhile. Nothing is copied out of a store
 * that cannot delete.
 *
 * @param from The image.
 * @param to Where it will be.
 * @param options Whether to verify, and what every operation takes.
 * @throws {Invalid} If neither size nor digest of the image is known.
 * @throws {StoreDeleteNotSupported} If the first store cannot delete.
 * @throws {StoreError} What the stores throw.
 */
export async function moveImage(
  from: ImagePlace,
  to: ImagePlace,
  options: CopyOptions,
): Promise<void> {
  const source = { store: from.store, image: from.imageId };
  const { signal, context } = options;
  if (from.store === to.store) {
    if (from.imageId === to.imageId) await from.store.stat(from.imageId, { signal, context });
    else await from.store.rename(from.imageId, to.imageId, { signal, context });
    return;
  }
  await moveByCopy(source, to, options, async (known) => {
    if (known.size === undefined && known.checksum === undefined && !known.multihash) {
      throw new Invalid("neither size nor digest of the image is known, so no copy can be trusted");
    }
    if (!from.store.isCapable(BitMasks.WRITE_ACCESS)) {
      throw new StoreDeleteNotSupported("the store cannot delete what is moved out of it", {
        store: from.store.name,
        operation: "move",
      });
    }
    return await copyByStream(source, known, to, options);
  });
}
