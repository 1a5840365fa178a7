/**
 * Copies and moves of images, inside a store and across stores.
 *
 * @module
 */
import { BitMasks } from "../capabilities/mod.ts";
import type { CopyResult, ImageStat, OperationOptions, Store } from "../store/mod.ts";
import {
  Duplicate,
  ImageChanged,
  Invalid,
  SizeMismatch,
  StoreDeleteNotSupported,
} from "../errors/mod.ts";
import type { ChunkObserver } from "../streams/mod.ts";

/** An image in a store, there already or to be. */
export interface ImagePlace {
  /** The store. */
  store: Store;
  /** The image id. */
  imageId: string;
}

/** Options of {@linkcode Vfs.copyFile} and {@linkcode Vfs.rename}. */
export interface CopyOptions extends OperationOptions {
  /**
   * Whether the data must have the digests that the source's store holds. By default it must where
   * there are some; `true` refuses to copy without, and the backend's own copy is not used then.
   */
  verify?: boolean | undefined;
  /** Sees each chunk on its way. A backend's own copy shows none. */
  verifier?: ChunkObserver | undefined;
}

/**
 * Copies an image: by the backend itself inside a store that can, else as a stream in bounded
 * memory, with the source's digests checked before the copy appears.
 */
export async function copyImage(
  from: ImagePlace,
  to: ImagePlace,
  options: CopyOptions,
): Promise<CopyResult> {
  if (from.store === to.store) {
    if (from.imageId === to.imageId) throw new Duplicate("an image cannot be copied onto itself");
    await from.store.configure();
    if (!options.verify && from.store.isCapable(BitMasks.COPY)) {
      return await from.store.copy(from.imageId, to.imageId, options);
    }
  }
  return await streamImage(from, await from.store.stat(from.imageId, options), to, options);
}

async function streamImage(
  from: ImagePlace,
  stat: ImageStat,
  to: ImagePlace,
  { verify, verifier, signal, context }: CopyOptions,
): Promise<CopyResult & { size: number }> {
  const { checksum, multihash } = stat;
  if (verify && checksum === undefined && multihash === undefined) {
    throw new Invalid("the store holds no digest of the image to verify the copy against");
  }
  const { stream, size, etag } = await from.store.get(from.imageId, { signal, context });
  if (etag !== stat.etag) {
    await stream.cancel();
    throw changed();
  }
  return await to.store.add(to.imageId, stream, {
    size: size ?? stat.size,
    expected: verify === false ? undefined : { checksum, multihash },
    verifier,
    signal,
    context,
  });
}

/**
 * Moves an image. Across stores, it is deleted from the first only when the second has the whole of
 * it, checked by size and digest, and the first has not changed meanwhile: else the copy goes again.
 * Nothing is copied out of a store that cannot delete.
 */
export async function moveImage(
  from: ImagePlace,
  to: ImagePlace,
  options: CopyOptions,
): Promise<void> {
  const before = await from.store.stat(from.imageId, options);
  if (from.store === to.store) {
    if (from.imageId !== to.imageId) await from.store.rename(from.imageId, to.imageId, options);
    return;
  }
  if (before.size === undefined && before.checksum === undefined && !before.multihash) {
    throw new Invalid("neither size nor digest of the image is known, so no copy can be trusted");
  }
  if (!from.store.isCapable(BitMasks.WRITE_ACCESS)) {
    throw new StoreDeleteNotSupported("the store cannot delete what is moved out of it", {
      store: from.store.name,
      operation: "move",
    });
  }
  const copy = await streamImage(from, before, to, options);
  const refuse = async (fault: Error): Promise<never> => {
    await to.store.delete(to.imageId, { context: options.context }).catch(() => {});
    throw fault;
  };
  const { size } = await to.store.stat(to.imageId, options);
  if (size !== undefined && size !== copy.size) {
    await refuse(new SizeMismatch(`the copy has ${size} bytes in place of ${copy.size}`));
  }
  const after = await from.store.stat(from.imageId, options);
  if (
    after.etag !== before.etag || after.size !== before.size ||
    +(after.modified ?? 0) !== +(before.modified ?? 0)
  ) {
    await refuse(changed());
  }
  await from.store.delete(from.imageId, options);
}

function changed(): ImageChanged {
  return new ImageChanged("the image was replaced while it was being copied");
}
