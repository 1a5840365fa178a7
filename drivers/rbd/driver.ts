/**
 * The RBD store: images as block images of a Ceph pool, as glance_store keeps them.
 *
 * @module
 */
import { BitMasks } from "../../capabilities/mod.ts";
import {
  BackendException,
  Duplicate,
  InUseByStore,
  Invalid,
  InvalidImageId,
  StorageFull,
} from "../../errors/mod.ts";
import type {
  Driver,
  DriverContext,
  ImageReader,
  ImageWriter,
  WriteOptions,
} from "../../store/driver.ts";
import { entriesBelow } from "../../store/listing.ts";
import { pastEnd } from "../../store/reading.ts";
import type {
  DriverStat,
  ImageHandle,
  Leftover,
  ListEntry,
  OperationOptions,
  ScanOptions,
} from "../../store/types.ts";
import { awaited } from "../../streams/abort.ts";
import { type ByteRange, CHUNK_SIZE } from "../../streams/mod.ts";
import type { Image } from "./image.ts";
import { isImageName, wholeImages } from "./listing.ts";
import { RbdLocation, SNAPSHOT } from "./location.ts";
import { digestsOf, metadataOf } from "./metadata.ts";
import { isTaken, rename } from "./names.ts";
import type { RbdOptions } from "./options.ts";
import { Pool } from "./pool.ts";
import { RbdReader } from "./reader.ts";
import type { Snapshot, SnapshotInfo } from "./snapshot.ts";
import {
  isStagedName,
  leftoverOf,
  remove,
  removeStaged,
  StagedImage,
  stagedName,
  sweep,
} from "./staging.ts";
import { RbdWriter } from "./writer.ts";

/** The driver of {@linkcode RbdStore}. */
export class RbdDriver implements Driver<RbdLocation> {
  readonly #name: string;
  readonly #options: Required<RbdOptions>;

  #opened: Pool | undefined;
  #fsid: string | undefined;
  #closing = new AbortController();
  #sweeping: Promise<void> = Promise.resolve();

  /** Creates the driver of a store. */
  constructor({ name, options, capabilities }: DriverContext<Required<RbdOptions>>) {
    this.#name = name;
    this.#options = options;
    if (options.thinProvisioning) capabilities.setCapabilities(BitMasks.SPARSE);
  }

  async configureGet(): Promise<void> {
    this.#opened = await Pool.open(this.#options);
    this.#closing = new AbortController();
    this.#fsid = this.#opened.fsid;
  }

  /** Sweeps, in the background, what crashed writers left. */
  async configureAdd(): Promise<void> {
    const pool = this.#pool;
    const left = (await pool.names()).filter(isStagedName);
    this.#sweeping = sweep(pool, left, this.#closing.signal);
  }

  async release(): Promise<void> {
    const pool = this.#opened;
    this.#opened = undefined;
    // The image being swept is finished, the others are left to a later sweep.
    this.#closing.abort();
    await this.#sweeping;
    await pool?.close();
  }

  get #pool(): Pool {
    if (this.#opened === undefined) throw new BackendException("the store was closed meanwhile");
    return this.#opened;
  }

  locate(imageId: string): RbdLocation {
    if (isStagedName(imageId)) {
      throw new InvalidImageId(`${imageId} is a name for images that are being written`);
    }
    return new RbdLocation(this.#fsid, this.#options.pool, imageId);
  }

  imageIdAt(location: RbdLocation): string | undefined {
    const { image, snapshot } = location;
    return this.owns(location) && snapshot === SNAPSHOT && isImageName(image) ? image : undefined;
  }

  /** Whether the location is in this pool of this cluster. @internal */
  owns({ fsid, pool, image }: RbdLocation): boolean {
    return (pool ?? this.#options.pool) === this.#options.pool &&
      (fsid ?? this.#fsid) === (this.#fsid ?? fsid) && !isStagedName(image);
  }

  async openRead(
    location: RbdLocation,
    { offset, length }: ByteRange,
    options: OperationOptions,
  ): Promise<ImageReader> {
    const snapshot = await this.#open(location, options);
    const { size } = snapshot.info;
    if (offset > size) {
      await snapshot.close();
      throw pastEnd(offset, size);
    }
    return new RbdReader(snapshot, offset, Math.min(size, offset + (length ?? size)));
  }

  statImage(
    location: RbdLocation,
    options: OperationOptions,
  ): Promise<DriverStat> {
    return awaited(this.#stat(location, options), options.signal);
  }

  async #stat(location: RbdLocation, options: OperationOptions): Promise<DriverStat> {
    await using snapshot = await this.#open(location, options);
    const { size, order, created: modified } = snapshot.info;
    const [digests, features, parent, usedBytes] = await Promise.all([
      digestsOf(snapshot),
      snapshot.features(),
      snapshot.parent(),
      snapshot.usedBytes(),
    ]);
    return {
      size,
      modified,
      etag: snapshot.etag,
      ...digests,
      metadata: {
        order,
        features,
        usedBytes,
        parent: parent &&
          new RbdLocation(this.#fsid, parent.pool, parent.image, parent.snapshot).uri(),
      },
    };
  }

  async openWrite(
    imageId: string,
    { size, signal }: WriteOptions,
  ): Promise<ImageWriter<RbdLocation>> {
    const pool = this.#pool;
    const location = this.locate(imageId);
    await this.#refuseTaken(imageId, signal);
    // The greatest power of two that fits the chunk size, as glance_store has it.
    const order = 20 + Math.floor(Math.log2(this.#options.chunkSize));
    const make = StagedImage.make(
      pool,
      imageId,
      (name) => pool.create(name, size ?? 0, order),
    );
    const staged = await awaited(make, signal, (staged) => staged.discard());
    const hole = this.#options.thinProvisioning ? Math.min(2 ** order, CHUNK_SIZE) : undefined;
    return new RbdWriter(location, staged, { size, hole, signal });
  }

  deleteImage(
    location: RbdLocation,
    { signal }: OperationOptions,
  ): Promise<void> {
    return awaited(this.#delete(location), signal);
  }

  async #delete(location: RbdLocation): Promise<void> {
    const pool = this.#pool;
    const { image: name } = location;
    {
      await using snapshot = await this.#openWhole(location);
      if (await snapshot.watchers() > 0) throw new InUseByStore("a client has the image open");
      if (await snapshot.hasClones()) throw new InUseByStore("the image has clones");
    }
    await using image = await pool.openImage(name);
    await image.unprotect(SNAPSHOT);
    const staged = stagedName(name);
    const isShared = await image.snapshots() > 1;
    try {
      // Somebody else's snapshots are kept, as glance_store does.
      if (isShared) return await pool.moveToTrash(name);
      // From here on a crash leaves what a sweep removes.
      await pool.rename(await image.id(), name, staged);
    } catch (error) {
      if (isShared || !(error instanceof StorageFull)) {
        // It may have another name since, and be whole under that.
        await image.protect(SNAPSHOT).catch(() => {});
        throw error;
      }
      // A full cluster takes no new name, but what is deleted makes room.
      await image.removeSnapshot(SNAPSHOT);
      await image.close();
      return await remove(pool, name);
    }
    await image.close();
    await removeStaged(pool, staged);
  }

  async *leftovers({ signal }: ScanOptions): AsyncGenerator<Leftover> {
    const pool = this.#pool;
    for (const name of await awaited(pool.names(), signal)) {
      const leftover = isStagedName(name) && await awaited(leftoverOf(pool, name), signal);
      if (leftover) yield leftover;
    }
  }

  listImages(
    directory: string,
    recursive: boolean,
    { signal }: ScanOptions,
  ): AsyncIterable<ListEntry> {
    return entriesBelow(wholeImages(this.#pool, directory, signal), directory, recursive);
  }

  copyImage(
    from: RbdLocation,
    imageId: string,
    options: OperationOptions,
  ): Promise<RbdLocation> {
    const pool = this.#pool;
    return this.#derive(from, imageId, options, {
      make: (name, { size, order }) => pool.create(name, size, order),
      fill: (image, snapshot) => snapshot.copyTo(image),
    });
  }

  renameImage(
    from: RbdLocation,
    imageId: string,
    { signal }: OperationOptions,
  ): Promise<RbdLocation> {
    return awaited(this.#rename(from, imageId), signal);
  }

  async #rename(from: RbdLocation, imageId: string): Promise<RbdLocation> {
    const location = this.locate(imageId);
    await using snapshot = await this.#openWhole(from);
    await rename(this.#pool, snapshot.info.imageId, from.image, imageId);
    return location;
  }

  async openHandle(
    location: RbdLocation,
    _size: number,
    options: OperationOptions,
  ): Promise<ImageHandle> {
    const snapshot = await this.#open(location, options);
    const { size } = snapshot.info;
    return {
      size,
      read: async (view, position) => {
        const length = Math.min(view.length, size - position);
        if (length <= 0) return 0;
        await snapshot.read(view.subarray(0, length), position);
        await snapshot.stands();
        return length;
      },
      close: () => snapshot.close(),
      [Symbol.asyncDispose]: () => snapshot.close(),
    };
  }

  /** Creates a copy-on-write child of an image. */
  clone(from: RbdLocation, imageId: string, options: OperationOptions): Promise<RbdLocation> {
    const pool = this.#pool;
    return this.#derive(from, imageId, options, {
      make: (name) => pool.clone(from.image, from.snapshot, name),
    });
  }

  /** Copies into a clone what is its parent's, so that it does without the parent. */
  flatten(location: RbdLocation, { signal }: OperationOptions): Promise<void> {
    return awaited(this.#flatten(location), signal);
  }

  async #flatten(location: RbdLocation): Promise<void> {
    await using snapshot = await this.#openWhole(location);
    if (await snapshot.parent() === undefined) return;
    await using image = await this.#pool.openImage(location.image);
    await image.flatten();
  }

  /** Makes an image out of another, digests included. */
  async #derive(
    from: RbdLocation,
    imageId: string,
    options: OperationOptions,
    { make, fill }: {
      make(name: string, info: SnapshotInfo): Promise<void>;
      fill?(image: Image, snapshot: Snapshot): Promise<void>;
    },
  ): Promise<RbdLocation> {
    const { signal } = options;
    const location = this.locate(imageId);
    const snapshot = await this.#open(from, options);
    let staged: StagedImage | undefined;
    try {
      await this.#refuseTaken(imageId, signal);
      const making = StagedImage.make(this.#pool, imageId, (name) => make(name, snapshot.info));
      staged = await awaited(making, signal, (staged) => staged.discard());
      if (fill) await awaited(fill(staged.image, snapshot), signal);
      await staged.publish(metadataOf(await digestsOf(snapshot)));
      return location;
    } catch (error) {
      await staged?.discard().catch(() => {});
      throw error;
    } finally {
      const closed = snapshot.close();
      // librbd cannot break off a copy: it goes on, and its image goes, in the background.
      if (!signal?.aborted) await closed;
    }
  }

  /** Opens what a location names; throws `NotFound`. */
  #open({ image, snapshot }: RbdLocation, { signal }: OperationOptions): Promise<Snapshot> {
    return awaited(this.#pool.openSnapshot(image, snapshot), signal, (late) => late.close());
  }

  /** Opens an image that is to be changed as a whole; throws `NotFound` unless it is whole. */
  #openWhole({ image, snapshot }: RbdLocation): Promise<Snapshot> {
    if (snapshot !== SNAPSHOT) {
      throw new Invalid(`the location names the snapshot "${snapshot}", not an image`);
    }
    return this.#pool.openSnapshot(image, snapshot);
  }

  /** Early, before anything is written; renaming decides. */
  async #refuseTaken(imageId: string, signal: AbortSignal | undefined): Promise<void> {
    if (await awaited(isTaken(this.#pool, imageId), signal)) {
      throw new Duplicate("the image exists already");
    }
  }
}
