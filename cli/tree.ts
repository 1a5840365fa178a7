/**
 * The path tree as operands name it: by paths, and by the location URI of any image.
 *
 * @module
 */
import type { GetOptions, GetResult, StatOptions } from "../store/mod.ts";
import type { Bytes } from "../streams/mod.ts";
import { setTreePath } from "../vfs/errors.ts";
import { fileInfo } from "../vfs/file_info.ts";
import { type FileInfo, type ImagePlace, type RemoveOptions, Vfs } from "../vfs/mod.ts";
import type { Progress } from "./progress.ts";

/**
 * Returns whether an operand is a location URI.
 *
 * @param operand The operand.
 * @returns Whether it begins with a scheme.
 */
export function isLocation(operand: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(operand);
}

/**
 * The tree, in which a location URI of one of its stores leads to an image as a path does. It is the
 * only way to what other tenants keep in a store that serves several.
 */
export class OperandTree extends Vfs {
  /**
   * Returns the store and the image that an operand names.
   *
   * @param operand A path of the tree, or a location URI.
   * @returns The store, and the id of the image or its URI.
   */
  override imageAt(operand: string): ImagePlace {
    if (!isLocation(operand)) return super.imageAt(operand);
    const { storeName } = this.stores.getLocationFromUri(operand);
    return { store: this.stores.getStoreFromStoreIdentifier(storeName), imageId: operand };
  }

  /**
   * Reads what is known of an image or a directory.
   *
   * @param operand A path of the tree, or a location URI.
   * @param options The caller, and an abort signal.
   * @returns Size in bytes, date, ETag and digests, as far as they are known.
   */
  override async stat(operand: string, options: StatOptions = {}): Promise<FileInfo> {
    if (!isLocation(operand)) return await super.stat(operand, options);
    const { store, imageId } = this.imageAt(operand);
    return fileInfo(await store.stat(imageId, options));
  }

  /**
   * Opens an image for reading. A location URI is read in the store of the highest weight that has it.
   *
   * @param operand A path of the tree, or a location URI.
   * @param options The range, digests to verify, the caller and an abort signal.
   * @returns The bytes, and what opening the image says about it.
   */
  override get(operand: string, options: GetOptions = {}): Promise<GetResult> {
    return isLocation(operand) ? this.stores.get(operand, options) : super.get(operand, options);
  }

  /**
   * Removes an image, or a directory of the tree.
   *
   * @param operand A path of the tree, or a location URI.
   * @param options Whether a directory is removed with everything in it, the caller, and an abort signal.
   */
  override async remove(operand: string, options: RemoveOptions = {}): Promise<void> {
    if (!isLocation(operand)) return await super.remove(operand, options);
    const { store, imageId } = this.imageAt(operand);
    const { signal, context } = options;
    await store.delete(imageId, { signal, context });
  }
}

/**
 * Reads the chunks of an image. Errors name its path of the tree, also those in the middle.
 *
 * @param vfs The tree.
 * @param path The path, or a location URI.
 * @param options The range, the digests to verify, the caller and an abort signal.
 * @param progress Counts the chunks.
 * @param countData Counts what is written of a chunk of an image with holes. Default: all of it.
 * @returns The chunks, 4 MiB but the last.
 */
export async function* chunksOf(
  vfs: Vfs,
  path: string,
  options: GetOptions,
  progress?: Progress,
  countData?: (chunk: Bytes) => number,
): AsyncGenerator<Bytes> {
  try {
    const { stream, isSparse } = await vfs.get(path, options);
    for await (const chunk of stream) {
      await progress?.update(chunk, isSparse ? countData?.(chunk) : undefined);
      yield chunk;
    }
  } catch (error) {
    throw setTreePath(error, path);
  }
}
