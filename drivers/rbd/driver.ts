/**
 * The RBD store: images as block images of a Ceph pool, as glance_store keeps them.
 *
 * @module
 */
import { BitMasks } from "../../capabilities/mod.ts";
import { BackendException, Invalid } from "../../errors/mod.ts";
import type {
  Driver,
  DriverContext,
  DriverHandle,
  ImageReader,
  ImageWriter,
  WriteOptions,
} from "../../store/driver.ts";
import { entriesBelow } from "../../store/listing.ts";
import { pastEnd } from "../../store/reading.ts";
import type {
  DeleteResult,
  DriverStat,
  Leftover,
  ListEntry,
  OperationOptions,
  ScanOptions,
  StoreUsage,
} from "../../store/types.ts";
import { raceAbort } from "../../streams/abort.ts";
import { type ByteRange, CHUNK_SIZE } from "../../streams/mod.ts";
import { PoolClient } from "./client.ts";
import { deleteImage } from "./deleter.ts";
import type { Image } from "./image.ts";
import { digestsOf, metadataOf } from "./image_meta.ts";
import { leftovers } from "./leftovers.ts";
import { isImageName, wholeImages } from "./lister.ts";
import { RbdLocation, SNAPSHOT } from "./location.ts";
import { duplicate, NewImage } from "./new_image.ts";
import type { RbdOptions } from "./options.ts";
import { RbdReader } from "./reader.ts";
import { isTaken, renameImage } from "./rename.ts";
import type { Snapshot, SnapshotInfo } from "./snapshot.ts";
import { readUsage } from "./usage.ts";
import { RbdWriter } from "./writer.ts";

/** The driver of {@linkcode RbdStore}. */
export class RbdDriver implements Driver<RbdLocation> {
  readonly #name: string;
  readonly #options: Required<RbdOptions>;

  #opened: PoolClient | undefined;
  #fsid: string | undefined;

  /** Creates the driver of a store. */
  constructor({ name, options, capabilities }: DriverContext<Required<RbdOptions>>) {
    this.#name = name;
    this.#options = options;
    if (options.thinProvisioning) capabilities.setCapabilities(BitMasks.SPARSE);
  }

  async configureGet(): Promise<void> {
    this.#opened = await PoolClient.open(this.#options);
    this.#fsid = this.#opened.fsid;
  }

  /** Looks whether the Ceph user may read the pool's directory, without changing anything. */
  async configureAdd(): Promise<void> {
    await this.#client.nameOf("");
  }

  async release(): Promise<void> {
    const client = this.#opened;
    this.#opened = undefined;
    await client?.close();
  }

  get #client(): PoolClient {
    if (this.#opened === undefined) throw new BackendException("the store was closed meanwhile");
    return this.#opened;
  }

  locate(imageId: string): RbdLocation {
    return new RbdLocation(this.#fsid, this.#options.pool, imageId);
  }

  imageIdAt(location: RbdLocation): string | undefined {
    const { image, snapshot } = location;
    return this.owns(location) && snapshot === SNAPSHOT && isImageName(image) ? image : undefined;
  }

  /** Returns whether the location is in this pool of this cluster. */
  owns({ fsid, pool }: RbdLocation): boolean {
    return (pool ?? this.#options.pool) === this.#options.pool &&
      (fsid ?? this.#fsid) === (this.#fsid ?? fsid);
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
    const end = Math.min(size, offset + (length ?? size));
    try {
      // For a small read, to look for holes takes longer than to read them.
      const isSparse = end - offset > CHUNK_SIZE &&
        await raceAbort(snapshot.hasHoles(), options.signal);
      return new RbdReader(snapshot, offset, end, isSparse);
    } catch (error) {
      // An abort does not wait until nothing uses it any more.
      snapshot.close().catch(() => {});
      throw error;
    }
  }

  statImage(
    location: RbdLocation,
    options: OperationOptions,
  ): Promise<DriverStat> {
    return raceAbort(this.#stat(location, options), options.signal);
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
    { size, sparse = this.#options.thinProvisioning, signal }: WriteOptions,
  ): Promise<ImageWriter<RbdLocation>> {
    const client = this.#client;
    const location = this.locate(imageId);
    await this.#refuseTaken(imageId, signal);
    // The greatest power of two that fits the chunk size, as glance_store has it.
    const order = 20 + Math.floor(Math.log2(this.#options.chunkSize));
    const create = NewImage.create(
      client,
      imageId,
      () => client.create(imageId, size ?? 0, order),
    );
    const image = await raceAbort(create, signal, (image) => image.discard());
    const hole = sparse ? Math.min(2 ** order, CHUNK_SIZE) : undefined;
    return new RbdWriter(location, image, { size, hole, signal });
  }

  deleteImage(location: RbdLocation, { signal }: OperationOptions): Promise<DeleteResult> {
    return raceAbort(this.#delete(location), signal);
  }

  async #delete(location: RbdLocation): Promise<DeleteResult> {
    return await deleteImage(this.#client, location.image, await this.#openWhole(location));
  }

  readUsage({ signal }: OperationOptions): Promise<StoreUsage> {
    return raceAbort(readUsage(this.#client, this.#options.pool), signal);
  }

  leftovers(options: ScanOptions): AsyncGenerator<Leftover> {
    return leftovers(this.#client, options);
  }

  listImages(
    directory: string,
    recursive: boolean,
    options: ScanOptions,
  ): AsyncIterable<ListEntry> {
    return entriesBelow(wholeImages(this.#client, directory, options), directory, recursive);
  }

  copyImage(
    from: RbdLocation,
    imageId: string,
    options: OperationOptions,
  ): Promise<RbdLocation> {
    const client = this.#client;
    return this.#derive(from, imageId, options, {
      make: (name, { size, order }) => client.create(name, size, order),
      fill: (image, snapshot) => snapshot.copyTo(image),
    });
  }

  renameImage(
    from: RbdLocation,
    imageId: string,
    { signal }: OperationOptions,
  ): Promise<RbdLocation> {
    return raceAbort(this.#rename(from, imageId), signal);
  }

  async #rename(from: RbdLocation, imageId: string): Promise<RbdLocation> {
    const location = this.locate(imageId);
    await using snapshot = await this.#openWhole(from);
    await renameImage(this.#client, snapshot.info.imageId, from.image, imageId);
    return location;
  }

  async openHandle(
    location: RbdLocation,
    _size: number,
    options: OperationOptions,
  ): Promise<DriverHandle> {
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
      extents: async (offset, length) => {
        const extents = await snapshot.extents(offset, length);
        await snapshot.stands();
        return extents;
      },
      close: () => snapshot.close(),
      [Symbol.asyncDispose]: () => snapshot.close(),
    };
  }

  /** Creates a copy-on-write child of an image. */
  clone(from: RbdLocation, imageId: string, options: OperationOptions): Promise<RbdLocation> {
    const client = this.#client;
    return this.#derive(from, imageId, options, {
      make: (name) => client.clone(from.image, from.snapshot, name),
    });
  }

  /** Copies into a clone what is its parent's, so that it does without the parent. */
  flatten(location: RbdLocation, { signal }: OperationOptions): Promise<void> {
    return raceAbort(this.#flatten(location), signal);
  }

  async #flatten(location: RbdLocation): Promise<void> {
    await using snapshot = await this.#openWhole(location);
    if (await snapshot.parent() === undefined) return;
    await using image = await this.#client.openImage(location.image);
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
    let copy: NewImage | undefined;
    try {
      await this.#refuseTaken(imageId, signal);
      const create = NewImage.create(
        this.#client,
        imageId,
        () => make(imageId, snapshot.info),
      );
      copy = await raceAbort(create, signal, (copy) => copy.discard());
      if (fill) await raceAbort(fill(copy.image, snapshot), signal);
      await copy.publish(metadataOf(await digestsOf(snapshot)));
      return location;
    } catch (error) {
      await copy?.discard().catch(() => {});
      throw error;
    } finally {
      const closed = snapshot.close();
      // librbd cannot break off a copy: it goes on, and its image goes, in the background.
      if (!signal?.aborted) await closed;
    }
  }

  /** Opens what a location names; throws `NotFound`. */
  #open({ image, snapshot }: RbdLocation, { signal }: OperationOptions): Promise<Snapshot> {
    return raceAbort(this.#client.openSnapshot(image, snapshot), signal, (late) => late.close());
  }

  /** Opens an image that is to be changed as a whole; throws `NotFound` unless it is whole. */
  #openWhole({ image, snapshot }: RbdLocation): Promise<Snapshot> {
    if (snapshot !== SNAPSHOT) {
      throw new Invalid(`the location names the snapshot "${snapshot}", not an image`);
    }
    return this.#client.openSnapshot(image, snapshot);
  }

  /** Looks early, before anything is opened; creating the image decides. */
  async #refuseTaken(imageId: string, signal: AbortSignal | undefined): Promise<void> {
    if (await raceAbort(isTaken(this.#client, imageId), signal)) {
      throw await duplicate(this.#client, imageId);
    }
  }
}
