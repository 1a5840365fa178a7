/**
 * What operands lead into: the path tree, and beside it every image by its location URI.
 *
 * @module
 */
import type { OperationOptions } from "../store/mod.ts";
import { type FileInfo, type ImagePlace, type RemoveOptions, Vfs } from "../vfs/mod.ts";
import { fileInfo } from "../vfs/file_info.ts";

/** Whether an operand is a location URI. */
export function isLocation(operand: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(operand);
}

/**
 * The tree, in which a location URI of one of its stores leads to an image as a path does. It is the
 * only way to what other tenants keep in a store that serves several.
 */
export class OperandTree extends Vfs {
  /** The store and the image that an operand names. */
  override imageAt(operand: string): ImagePlace {
    if (!isLocation(operand)) return super.imageAt(operand);
    const { storeName } = this.stores.getLocationFromUri(operand);
    return { store: this.stores.getStoreFromStoreIdentifier(storeName), imageId: operand };
  }

  /** Tells what is known of an image or a directory. */
  override async stat(operand: string, options: OperationOptions = {}): Promise<FileInfo> {
    if (!isLocation(operand)) return await super.stat(operand, options);
    const { store, imageId } = this.imageAt(operand);
    return fileInfo(await store.stat(imageId, options));
  }

  /** Removes an image, or a directory of the tree. */
  override async remove(operand: string, options: RemoveOptions = {}): Promise<void> {
    if (!isLocation(operand)) return await super.remove(operand, options);
    const { store, imageId } = this.imageAt(operand);
    await store.delete(imageId, options);
  }
}
