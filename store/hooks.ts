/**
 * The hooks of a driver: the small half of a store that each driver writes.
 *
 * @module
 */
import { StoreCapability } from "../capabilities/mod.ts";
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
 * What needs an optional one is refused where the driver has none.
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
  protected openWrite?(imageId: string, options: WriteOptions): Promise<ImageWriter<L>>;
  /** Deletes an image; throws `NotFound`. */
  protected deleteImage?(location: L, options: OperationOptions): Promise<void>;
  /** Deletes images, missing ones aside; by default, one by one. */
  protected deleteImages?(locations: AsyncIterable<L>, options: OperationOptions): Promise<void>;
  /** Lists what adds that never ended left behind, and nobody in this store is working on. */
  protected leftovers?(options: OperationOptions): AsyncIterable<Leftover>;
  /** Lists a directory, every name once, in any order. A directory without images is empty. */
  protected listImages?(
    directory: string,
    recursive: boolean,
    options: OperationOptions,
  ): AsyncIterable<ListEntry>;
  /** Copies inside the backend; throws `NotFound` and `Duplicate`. */
  protected copyImage?(from: L, imageId: string, options: OperationOptions): Promise<L>;
  /** Renames inside the backend, where it can; throws `NotFound` and `Duplicate`. */
  protected renameImage?(from: L, imageId: string, options: OperationOptions): Promise<L>;
  /** Reads who may do what. */
  protected readAcls?(location: L, options: OperationOptions): Promise<Acls>;
  /** Replaces who may do what. */
  protected writeAcls?(location: L, acls: Acls, options: OperationOptions): Promise<void>;
  /** Makes a presigned URL. */
  protected presignImage?(location: L, request: PresignRequest): Promise<URL>;
  /** Opens random access; by default, one ranged read a call. */
  protected async openHandle(
    location: L,
    size: number,
    options: OperationOptions,
  ): Promise<ImageHandle> {
    const { rangedHandle } = await import("./image_handle.ts");
    return rangedHandle(size, (range) => this.openRead(location, range, options));
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
