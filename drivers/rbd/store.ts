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
} from "../../errors/mod.ts";
import { checkImageId, Location, type StoreLocationClass } from "../../location/mod.ts";
import { abortable } from "../../streams/abort.ts";
import { type ByteRange, CHUNK_SIZE } from "../../streams/mod.ts";
import type {
  DriverStat,
  ImageHandle,
  ImageReader,
  ImageWriter,
  ListEntry,
  OperationOptions,
} from "../driver.ts";
import { entriesBelow } from "../listing.ts";
import type { ImageRef } from "../operations.ts";
import type { OptionDefinitions } from "../options.ts";
import { pastEnd } from "../reading.ts";
import { Store } from "../store.ts";
import { isImageName, wholeImages } from "./listing.ts";
import { RbdLocation, SNAPSHOT } from "./location.ts";
import { digestsOf, metadataOf } from "./metadata.ts";
import { OPTIONS, type RbdOptions } from "./options.ts";
import { Pool } from "./pool.ts";
import { RbdReader } from "./reader.ts";
import type { Snapshot } from "./snapshot.ts";
import { discard, isStagedName, StagedImage, stagedName } from "./staging.ts";
import { RbdWriter } from "./writer.ts";

/**
 * A store in a pool of a Ceph cluster, over librbd. Images are what glance_store makes: an RBD image
 * with a protected snapshot `snap`, which is what is read. One that has no such snapshot is not
 * whole, and is not there for this store.
 *
 * RBD's names are flat, but may hold slashes: an image id is the name of its RBD image. The `rbd`
 * command cannot name an image with a slash; glance_store can.
 *
 * @example An image and a copy-on-write clone of it
 * ```ts
 * import { RbdStore } from "@vitrine/vitrine/rbd";
 *
 * async function boot(disk: Blob) {
 *   await using store = new RbdStore("ceph", { user: "glance", connectTimeout: 10 });
 *   await store.add("debian-12", disk);
 *   await store.clone("debian-12", "server-1");
 *   const { metadata } = await store.stat("server-1");
 *   console.log(metadata?.["parent"]);
 * }
 * ```
 */
export class RbdStore extends Store<RbdLocation, Required<RbdOptions>> {
  /** The options, as data. */
  static override readonly OPTIONS: OptionDefinitions = OPTIONS;
  /** `rbd`. */
  static override readonly SCHEMES: readonly string[] = ["rbd"];
  /** Reading anywhere, writing, listing, copying; sparse images where `thinProvisioning` is on. */
  static override readonly CAPABILITIES: number = BitMasks.READ_RANDOM | BitMasks.WRITE_ACCESS |
    BitMasks.LIST | BitMasks.COPY | BitMasks.SNAPSHOT | BitMasks.CHECKSUM;
  /** {@linkcode RbdLocation}. */
  static override readonly LOCATION: StoreLocationClass<RbdLocation> = RbdLocation;

  #opened: Pool | undefined;
  #fsid: string | undefined;
  #sweeping: Promise<void> = Promise.resolve();

  /** Makes a store; it connects on first use. */
  constructor(name: string, options: RbdOptions = {}) {
    super(name, { ...options });
    if (this.options.thinProvisioning) this.setCapabilities(BitMasks.SPARSE);
  }

  /** @internal */
  protected override async configureGet(): Promise<void> {
    this.#opened = await Pool.open(this.options);
    this.#fsid = this.#opened.fsid;
  }

  /** Sweeps, in the background, what crashed writers left. */
  override async configureAdd(): Promise<void> {
    const pool = this.#pool;
    const left = (await pool.names()).filter(isStagedName);
    this.#sweeping = (async () => {
      for (const name of left) await discard(pool, name).catch(() => {});
    })();
  }

  /** @internal */
  protected override async release(): Promise<void> {
    const pool = this.#opened;
    this.#opened = undefined;
    await this.#sweeping;
    await pool?.close();
  }

  get #pool(): Pool {
    if (this.#opened === undefined) throw new BackendException("the store was closed meanwhile");
    return this.#opened;
  }

  /** @internal */
  protected override locate(imageId: string): RbdLocation {
    if (isStagedName(imageId)) {
      throw new InvalidImageId(`${imageId} is a name for images that are being written`);
    }
    return new RbdLocation(this.#fsid, this.options.pool, imageId);
  }

  /** @internal */
  protected override imageIdAt(location: RbdLocation): string | undefined {
    const { image, snapshot } = location;
    return this.owns(location) && snapshot === SNAPSHOT && isImageName(image) ? image : undefined;
  }

  /** Whether the location is in this pool of this cluster. @internal */
  protected override owns({ fsid, pool, image }: RbdLocation): boolean {
    return (pool ?? this.options.pool) === this.options.pool &&
      (fsid ?? this.#fsid) === (this.#fsid ?? fsid) && !isStagedName(image);
  }

  /** @internal */
  protected override async openRead(
    { image, snapshot: at }: RbdLocation,
    { offset, length }: ByteRange,
  ): Promise<ImageReader> {
    const snapshot = await this.#pool.openSnapshot(image, at);
    const { size } = snapshot.info;
    if (offset > size) {
      await snapshot.close();
      throw pastEnd(offset, size);
    }
    return new RbdReader(snapshot, offset, Math.min(size, offset + (length ?? size)));
  }

  /** @internal */
  protected override async statImage(
    { image, snapshot: at }: RbdLocation,
  ): Promise<DriverStat> {
    await using snapshot = await this.#pool.openSnapshot(image, at);
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

  /** @internal */
  protected override async openWrite(
    imageId: string,
    { size, signal }: OperationOptions & { size: number | undefined },
  ): Promise<ImageWriter<RbdLocation>> {
    const pool = this.#pool;
    const location = this.locate(imageId);
    await this.#refuseTaken(imageId);
    // The greatest power of two that fits the chunk size, as glance_store has it.
    const order = 20 + Math.floor(Math.log2(this.options.chunkSize));
    const staged = await StagedImage.make(
      pool,
      imageId,
      (name) => pool.create(name, size ?? 0, order),
    );
    const hole = this.options.thinProvisioning ? Math.min(2 ** order, CHUNK_SIZE) : undefined;
    return new RbdWriter(location, staged, { size, hole, signal });
  }

  /** @internal */
  protected override async deleteImage(location: RbdLocation): Promise<void> {
    const pool = this.#pool;
    const { image: name } = location;
    {
      await using snapshot = await this.#openWhole(location);
      if (await snapshot.watchedBesides(pool.client)) {
        throw new InUseByStore("a client has the image open");
      }
      if (await snapshot.hasClones()) throw new InUseByStore("the image has clones");
    }
    await using image = await pool.openImage(name);
    await image.unprotect(SNAPSHOT);
    if ((await image.snapshots()).length > 1) {
      // Somebody else's snapshots are kept, as glance_store does.
      await image.close();
      return await pool.moveToTrash(name);
    }
    // From here on a crash leaves what a sweep removes.
    const staged = stagedName(name);
    await pool.rename(await image.id(), name, staged);
    await image.close();
    await discard(pool, staged);
  }

  /** @internal */
  protected override listImages(directory: string, recursive: boolean): AsyncIterable<ListEntry> {
    return entriesBelow(wholeImages(this.#pool, directory), directory, recursive);
  }

  /** @internal */
  protected override async copyImage(
    from: RbdLocation,
    imageId: string,
    { signal }: OperationOptions,
  ): Promise<RbdLocation> {
    const pool = this.#pool;
    const snapshot = await pool.openSnapshot(from.image, from.snapshot);
    const { size, order } = snapshot.info;
    const abort = abortable(signal);
    try {
      const create = (name: string) => pool.create(name, size, order);
      return await this.#derive(imageId, snapshot, create, async ({ image }) => {
        await abort.race(snapshot.copyTo(image));
      });
    } finally {
      abort.dispose();
      const closed = snapshot.close();
      // librbd cannot break off a copy: it ends, and its image is removed, in the background.
      if (!signal?.aborted) await closed;
    }
  }

  /** @internal */
  protected override async renameImage(from: RbdLocation, imageId: string): Promise<RbdLocation> {
    const location = this.locate(imageId);
    await using snapshot = await this.#openWhole(from);
    await this.#pool.rename(snapshot.info.imageId, from.image, imageId);
    return location;
  }

  /** @internal */
  protected override async openHandle(
    { image, snapshot: at }: RbdLocation,
  ): Promise<ImageHandle> {
    const snapshot = await this.#pool.openSnapshot(image, at);
    const { size } = snapshot.info;
    return {
      size,
      read: async (view, position) => {
        const length = Math.min(view.length, size - position);
        if (length <= 0) return 0;
        await snapshot.read(view.subarray(0, length), position);
        return length;
      },
      close: () => snapshot.close(),
      [Symbol.asyncDispose]: () => snapshot.close(),
    };
  }

  /**
   * Makes a copy-on-write child of an image: an image at once, whatever the size, which takes space
   * for what is its own alone. The parent cannot be deleted until the child is, or is flattened.
   *
   * Throws `NotFound`, `Duplicate`, `InvalidImageId` and `StoreAddDisabled`.
   */
  clone(image: ImageRef, imageId: string, options: OperationOptions = {}): Promise<Location> {
    return this.modify("clone", image, options, async (from) => {
      checkImageId(imageId);
      const pool = this.#pool;
      await using snapshot = await pool.openSnapshot(from.image, from.snapshot);
      const location = await this.#derive(
        imageId,
        snapshot,
        (name) => pool.clone(from.image, from.snapshot, name),
      );
      return new Location(this.name, location, imageId);
    });
  }

  /** Makes a clone do without its parent, by copying what is the parent's. Throws `NotFound`. */
  flatten(image: ImageRef, options: OperationOptions = {}): Promise<void> {
    return this.modify("flatten", image, options, async (location) => {
      await using snapshot = await this.#openWhole(location);
      if (await snapshot.parent() === undefined) return;
      await using image = await this.#pool.openImage(location.image);
      await image.flatten();
    });
  }

  /** Makes an image out of a snapshot, digests included. */
  async #derive(
    imageId: string,
    snapshot: Snapshot,
    make: (name: string) => Promise<void>,
    fill: (staged: StagedImage) => Promise<void> = () => Promise.resolve(),
  ): Promise<RbdLocation> {
    const location = this.locate(imageId);
    await this.#refuseTaken(imageId);
    const staged = await StagedImage.make(this.#pool, imageId, make);
    try {
      await fill(staged);
      await staged.publish(metadataOf(await digestsOf(snapshot)));
      return location;
    } catch (error) {
      await staged.discard().catch(() => {});
      throw error;
    }
  }

  /** Opens an image that is to be changed as a whole; throws `NotFound` unless it is whole. */
  #openWhole({ image, snapshot }: RbdLocation): Promise<Snapshot> {
    if (snapshot !== SNAPSHOT) {
      throw new Invalid(`the location names the snapshot "${snapshot}", not an image`);
    }
    return this.#pool.openSnapshot(image, snapshot);
  }

  /** Early, before anything is written; renaming decides. */
  async #refuseTaken(imageId: string): Promise<void> {
    if (await this.#pool.idOf(imageId)) throw new Duplicate("the image exists already");
  }
}
