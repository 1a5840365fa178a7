/**
 * The hooks of a driver: the small half of a store that each driver writes.
 *
 * @module
 */
import { StoreCapability } from "../capabilities/mod.ts";
import {
  NotFound,
  StoreAclsNotSupported,
  StoreAddDisabled,
  StoreCopyNotSupported,
  StoreDeleteNotSupported,
  StoreError,
  StoreListNotSupported,
  StorePresignNotSupported,
} from "../errors/mod.ts";
import type { StoreLocation } from "../location/mod.ts";
import type { ByteRange } from "../streams/mod.ts";
import type {
  Acls,
  DriverStat,
  ImageHandle,
  ImageReader,
  ImageWriter,
  Leftover,
  ListEntry,
  OperationOptions,
  PresignRequest,
  WriteOptions,
} from "./driver.ts";

/**
 * What a driver implements. Each hook is called with a checked location after the check of the
 * store's capabilities, and what it throws is wrapped with store, operation and path.
 *
 * @typeParam L The driver's class of locations.
 */
export abstract class StoreHooks<L extends StoreLocation> extends StoreCapability {
  /** Where an image of that id is, or would be. */
  protected abstract locate(imageId: string, options: OperationOptions): L | Promise<L>;
  /** The image id that has this location, or `undefined` where it is outside the store's tree. */
  protected abstract imageIdAt(location: L): string | undefined;
  /** Whether the location is this store's; by default, whether it is in its tree. */
  protected owns(location: L): boolean {
    return this.imageIdAt(location) !== undefined;
  }
  /** Opens a range of an image; throws `NotFound`, and `InvalidRange` past the end. */
  protected abstract openRead(
    location: L,
    range: ByteRange,
    options: OperationOptions,
  ): Promise<ImageReader>;
  /** Tells what is known of an image; throws `NotFound`. */
  protected abstract statImage(location: L, options: OperationOptions): Promise<DriverStat>;
  /** Begins a new image; throws `Duplicate`, at the latest on commit. */
  protected openWrite(
    _imageId: string,
    _options: WriteOptions,
  ): Promise<ImageWriter<L>> {
    throw new StoreAddDisabled("the driver does not write");
  }
  /** Deletes an image; throws `NotFound`. */
  protected deleteImage(_location: L, _options: OperationOptions): Promise<void> {
    throw new StoreDeleteNotSupported("the driver does not delete");
  }
  /** Deletes images, missing ones aside; by default, one by one. */
  protected async deleteImages(
    locations: AsyncIterable<L>,
    options: OperationOptions,
  ): Promise<void> {
    for await (const location of locations) {
      try {
        await this.deleteImage(location, options);
      } catch (error) {
        if (error instanceof StoreError) {
          error.at({ path: this.imageIdAt(location) ?? location.path });
        }
        if (!(error instanceof NotFound)) throw error;
      }
    }
  }
  /** Lists what adds that never ended left behind, and nobody in this store is working on. */
  protected leftovers?(options: OperationOptions): AsyncIterable<Leftover>;
  /** Lists a directory, every name once, in any order. A directory without images is empty. */
  protected listImages(
    _directory: string,
    _recursive: boolean,
    _options: OperationOptions,
  ): AsyncIterable<ListEntry> {
    throw new StoreListNotSupported("the driver does not list");
  }
  /** Copies inside the backend; throws `NotFound` and `Duplicate`. */
  protected copyImage(_from: L, _imageId: string, _options: OperationOptions): Promise<L> {
    throw new StoreCopyNotSupported("the driver does not copy");
  }
  /** Renames inside the backend, where it can; throws `NotFound` and `Duplicate`. */
  protected renameImage?(from: L, imageId: string, options: OperationOptions): Promise<L>;
  /** Reads who may do what. */
  protected readAcls(_location: L, _options: OperationOptions): Promise<Acls> {
    throw new StoreAclsNotSupported("the driver has no ACLs");
  }
  /** Replaces who may do what. */
  protected writeAcls(
    _location: L,
    _acls: Acls,
    _options: OperationOptions,
  ): Promise<void> {
    throw new StoreAclsNotSupported("the driver has no ACLs");
  }
  /** Makes a presigned URL. */
  protected presignImage(
    _location: L,
    _request: PresignRequest,
  ): Promise<URL> {
    throw new StorePresignNotSupported("the driver does not presign");
  }
  /** Opens random access; by default, one ranged read a call. */
  protected openHandle(location: L, size: number, options: OperationOptions): Promise<ImageHandle> {
    return Promise.resolve({
      size,
      read: async (view, position) => {
        if (position >= size) return 0;
        const reader = await this.openRead(
          location,
          { offset: position, length: view.length },
          options,
        );
        try {
          // The reader may transfer the buffer that it is lent, and this one is the caller's.
          const part = await reader.read(new Uint8Array(Math.min(view.length, size - position)));
          view.set(part);
          return part.length;
        } finally {
          await reader.close();
        }
      },
      close: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  }
  /** Prepares reading; called once before the first operation. */
  protected configureGet(): Promise<void> {
    return Promise.resolve();
  }
  /** Releases what the store holds: connections, libraries. */
  protected release(): Promise<void> {
    return Promise.resolve();
  }
}
