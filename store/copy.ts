/**
 * Copies and moves of an image as a stream, inside one store and across stores: checked by ETag, size and
 * digests.
 *
 * @module
 */
import { BitMasks } from "../capabilities/mod.ts";
import {
  Forbidden,
  ImageChanged,
  InUseByStore,
  Invalid,
  NotFound,
  SizeMismatch,
  type StoreError,
} from "../errors/mod.ts";
import type { AcceptPolicy, ImageInspection } from "../formats/mod.ts";
import type { ChunkObserver, ImageData } from "../streams/mod.ts";
import type { CopiedProperties } from "./image_properties.ts";
import type {
  AddOptions,
  AddResult,
  CopyResult,
  DeleteResult,
  GetOptions,
  GetResult,
  ImageRef,
  ImageStat,
  InspectOptions,
  MoveResult,
  OperationOptions,
} from "./types.ts";

/** The operations of a store that copying needs. */
export interface CopyableStore {
  /**
   * Returns whether the store has abilities.
   *
   * @param capabilities The abilities, of `BitMasks`.
   * @returns Whether it has all of them.
   */
  isCapable(...capabilities: number[]): boolean;
  /**
   * Adds an image.
   *
   * @param imageId The id of the new image.
   * @param data The bytes, in any of the forms of `ImageData`.
   * @param options The size and the digests that the data must have, the caller, and an abort signal.
   * @returns Location, size in bytes and digests of the image.
   */
  add(imageId: string, data: ImageData, options: AddOptions): Promise<AddResult>;
  /**
   * Opens an image for reading.
   *
   * @param image The image: its id, its location or its location URI.
   * @param options The caller, and an abort signal.
   * @returns The bytes, and what opening the image says about it.
   */
  get(image: ImageRef, options: GetOptions): Promise<GetResult>;
  /**
   * Reads what is known of an image without its bytes.
   *
   * @param image The image: its id, its location or its location URI.
   * @param options The caller, and an abort signal.
   * @returns Size in bytes, date, ETag and digests, as far as the store knows them.
   */
  stat(image: ImageRef, options: OperationOptions): Promise<ImageStat>;
  /**
   * Inspects the format of an image.
   *
   * @param image The image: its id, its location or its location URI.
   * @param options Whether an earlier verdict is used, the caller, and an abort signal.
   * @returns What the image is, and whether it is safe.
   */
  inspect(image: ImageRef, options: InspectOptions): Promise<ImageInspection>;
  /**
   * Deletes an image.
   *
   * @param image The image: its id, its location or its location URI.
   * @param options The caller, and an abort signal.
   * @returns Why the backend keeps the data, if it does.
   */
  delete(image: ImageRef, options: OperationOptions): Promise<DeleteResult>;
}

/** The image that is copied. */
export interface CopySource {
  /** Its store. */
  store: CopyableStore;
  /** The image: its id, its location or its location URI. */
  image: ImageRef;
}

/** The image that a copy becomes. */
export interface CopyTarget {
  /** Its store. */
  store: CopyableStore;
  /** Its id. */
  imageId: string;
}

/** Options of a copy. */
export interface CopyOptions extends OperationOptions {
  /**
   * Which images are accepted. Others are not copied, and `ImageFormatRefused` is thrown. The policy of
   * the target applies too. Default: that of the target alone.
   */
  accept?: AcceptPolicy | undefined;
  /**
   * Whether the data must have the digests that the source's store holds. Default: it must where there
   * are some. `true` refuses to copy without, and does not use the backend's own copy.
   */
  verify?: boolean | undefined;
  /** Sees each chunk on its way. A backend's own copy shows none. */
  verifier?: ChunkObserver | undefined;
  /**
   * Whether a copy as a stream continues one that died, as `AddOptions.resume` describes. A backend's own
   * copy has nothing to continue. Default: `false`.
   */
  resume?: boolean | undefined;
}

/**
 * Copies an image as a stream, in bounded memory. The digests that the source's store holds are checked
 * before the copy appears. Media type, cache control and metadata are copied where both stores keep them,
 * and the result names what is lost.
 *
 * @param from The image to copy.
 * @param known What is known of it.
 * @param to Where the copy will be.
 * @param options Whether to verify, and what every operation takes.
 * @returns What `add` returns, and what the target could not keep.
 * @throws {Invalid} If `verify` is `true` and no digest of the image is known.
 * @throws {ImageChanged} If the image was replaced since it was looked at.
 * @throws {StoreError} What `get` and `add` throw.
 */
export async function copyByStream(
  from: CopySource,
  known: ImageStat,
  to: CopyTarget,
  options: CopyOptions,
): Promise<AddResult & MoveResult> {
  return await addCopy(from, known, await openForCopy(from, known, options), to, options);
}

/**
 * Opens an image that is to be copied as a stream.
 *
 * @param from The image to copy.
 * @param known What is known of it.
 * @param options Whether to verify, and what every operation takes.
 * @returns The bytes. The reader must be read or closed.
 * @throws {Invalid} If `verify` is `true` and no digest of the image is known.
 * @throws {ImageChanged} If the image was replaced since it was looked at.
 */
export async function openForCopy(
  from: CopySource,
  known: ImageStat,
  { verify, signal, context }: CopyOptions,
): Promise<GetResult> {
  const { checksum, multihash } = known.recorded ?? known;
  if (verify && checksum === undefined && multihash === undefined) {
    throw new Invalid("the store holds no digest of the image to verify the copy against");
  }
  const opened = await from.store.get(from.image, { signal, context });
  if (opened.etag === known.etag) return opened;
  await opened.reader.close();
  throw replaced();
}

/**
 * Adds the copy of an image that was opened.
 *
 * @param from The image that is copied.
 * @param known What is known of it.
 * @param opened Its bytes, their number, and whether it has holes.
 * @param to Where the copy will be.
 * @param options Whether to verify, and what every operation takes.
 * @returns What `add` returns, and what the target could not keep.
 */
export async function addCopy(
  from: CopySource,
  known: ImageStat,
  { reader, size, isSparse }: Pick<GetResult, "reader" | "size" | "isSparse">,
  to: CopyTarget,
  { verify, verifier, accept, resume, signal, context }: CopyOptions,
): Promise<AddResult & MoveResult> {
  // A file that was written to after it was added is not what was added.
  const { checksum, multihash } = known.recorded ?? known;
  const { kept, notKept } = await properties(from, known, to);
  const added = await to.store.add(to.imageId, reader, {
    ...kept,
    size: size ?? known.size,
    expected: verify === false ? undefined : { checksum, multihash },
    sparse: isSparse || undefined,
    verifier,
    accept,
    resume,
    signal,
    context,
  });
  return notKept.length > 0 ? { ...added, notKept } : added;
}

/** Returns what a copy keeps beside the bytes. Loaded with the first copy that has something to keep. */
async function properties(
  from: CopySource,
  known: ImageStat,
  to: CopyTarget,
): Promise<CopiedProperties> {
  const [isKept, canKeep] = [from, to].map(({ store }) => store.isCapable(BitMasks.METADATA));
  if (!isKept) return { kept: {}, notKept: [] };
  return (await import("./image_properties.ts")).copiedProperties(known, canKeep!);
}

/**
 * Moves an image by copying it and deleting it where it was. The source is deleted only when the copy is
 * known to be whole and the source has not changed meanwhile. If the source cannot be deleted, the copy
 * is removed again where it is sure that the source is still there, or was deleted by another request. So
 * of two moves of one image at most one succeeds, if deletes of the source's backend do.
 *
 * @param from The image to move.
 * @param to Where it will be.
 * @param options What every operation takes.
 * @param copy Copies the image that was looked at.
 * @returns What `copy` returns.
 * @throws {SizeMismatch} If the copy has another size than the image.
 * @throws {ImageChanged} If the image was replaced while it was being copied, or the copy is another.
 * @throws {StoreError} What the operations throw.
 */
export async function moveByCopy<R extends CopyResult>(
  from: CopySource,
  to: CopyTarget,
  { signal, context }: OperationOptions,
  copy: (known: ImageStat) => Promise<R>,
): Promise<R> {
  const options = { signal, context };
  const before = await from.store.stat(from.image, options);
  const copied = await copy(before);
  const undo = () => to.store.delete(copied.location, { context }).catch(() => {});
  try {
    checkCopy(before, copied, await to.store.stat(copied.location, options));
    if (isOther(before, await from.store.stat(from.image, options))) throw replaced();
  } catch (error) {
    await undo();
    throw error;
  }
  try {
    await from.store.delete(from.image, options);
  } catch (error) {
    // These mean for sure that the image keeps its old name, or that it has been deleted or moved by
    // another request: then no copy of it may live on.
    const isSure = error instanceof Forbidden || error instanceof InUseByStore ||
      error instanceof NotFound;
    if (isSure) await undo();
    throw error;
  }
  return copied;
}

/** Throws unless the copy, as its store has it, is what was copied, as far as both are known. */
function checkCopy(source: ImageStat, copied: CopyResult, copy: ImageStat): void {
  const size = copied.size ?? source.size;
  if (size !== undefined && copy.size !== undefined && copy.size !== size) {
    throw new SizeMismatch(`the copy has ${copy.size} bytes, expected ${size}`);
  }
  const checksum = copied.checksum ?? source.checksum;
  if (checksum !== undefined && copy.checksum !== undefined && copy.checksum !== checksum) {
    throw new ImageChanged(`the copy has the md5 ${copy.checksum}, expected ${checksum}`);
  }
}

function isOther(before: ImageStat, after: ImageStat): boolean {
  return after.etag !== before.etag || after.size !== before.size ||
    after.modified?.getTime() !== before.modified?.getTime();
}

function replaced(): StoreError {
  return new ImageChanged("the image was replaced while it was being copied");
}
