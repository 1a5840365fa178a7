/**
 * Copies and moves of images, inside a store and across stores.
 *
 * @module
 */
import { BitMasks } from "../capabilities/mod.ts";
import { Duplicate, Invalid, StoreDeleteNotSupported } from "../errors/mod.ts";
import { addCopy, copyByStream, type CopyOptions, moveByCopy, openForCopy } from "../store/copy.ts";
import type { AddResult, CopyResult, MoveResult, Store } from "../store/mod.ts";
import { addToSeveral, type SeveralStoresOptions } from "./add_to_several.ts";

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
 * Copies an image to several places as a stream, which is read and digested once. A copy that fails does not
 * stop the others.
 *
 * @param from The image.
 * @param targets Where the copies will be.
 * @param options Whether to verify, how far the stores may be apart, and what every operation takes.
 * @returns What became of each copy, in order.
 * @throws {Invalid} If `verify` is `true` and no digest of the image is known.
 * @throws {StoreError} What opening the image throws.
 */
export async function copyToSeveral(
  from: ImagePlace,
  targets: readonly ImagePlace[],
  options: CopyOptions & SeveralStoresOptions,
): Promise<PromiseSettledResult<AddResult & MoveResult>[]> {
  const { verifier, lag, idleTimeout, verify, accept, signal, context } = options;
  const source = { store: from.store, image: from.imageId };
  const known = await from.store.stat(from.imageId, { signal, context });
  const { reader, size, isSparse } = await openForCopy(source, known, { verify, signal, context });
  const hashingAlgo = (known.recorded ?? known).multihash?.algo ?? "sha512";
  const several = { size, hashingAlgo, verifier, lag, idleTimeout, signal };
  try {
    return await addToSeveral(reader, targets.length, several, (branch, signal, index) => {
      const copyOptions = { verify, accept, context, signal };
      return addCopy(
        source,
        known,
        { reader: branch, size, isSparse },
        targets[index]!,
        copyOptions,
      );
    });
  } catch (error) {
    await reader.close(error).catch(() => {});
    throw error;
  }
}

/**
 * Moves an image. Across stores, it is deleted from the first only when the second has the whole of it,
 * checked by size and digest, and the first has not changed meanwhile. Nothing is copied out of a store
 * that cannot delete.
 *
 * @param from The image.
 * @param to Where it will be.
 * @param options Whether to verify, and what every operation takes.
 * @returns What the second store could not keep.
 * @throws {Invalid} If neither size nor digest of the image is known.
 * @throws {StoreDeleteNotSupported} If the first store cannot delete.
 * @throws {StoreError} What the stores throw.
 */
export async function moveImage(
  from: ImagePlace,
  to: ImagePlace,
  options: CopyOptions,
): Promise<MoveResult> {
  const source = { store: from.store, image: from.imageId };
  const { signal, context } = options;
  if (from.store === to.store) {
    if (from.imageId === to.imageId) await from.store.stat(from.imageId, { signal, context });
    else await from.store.rename(from.imageId, to.imageId, { signal, context });
    return {};
  }
  const { notKept } = await moveByCopy<CopyResult>(source, to, options, async (known) => {
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
  return { notKept };
}
