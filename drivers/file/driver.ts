/**
 * The driver of file stores.
 *
 * @module
 */
import { BitMasks } from "../../capabilities/mod.ts";
import { BadStoreConfiguration, ImageChanged, StoreError } from "../../errors/mod.ts";
import type {
  Driver,
  DriverContext,
  DriverHandle,
  ImageReader,
  ImageWriter,
  WriteOptions,
} from "../../store/driver.ts";
import type {
  DriverStat,
  ImageFacts,
  Leftover,
  ListEntry,
  ListScanOptions,
  OperationOptions,
  ScanOptions,
  StoreUsage,
} from "../../store/types.ts";
import type { ByteRange } from "../../streams/mod.ts";
import { copyImageFile } from "./copier.ts";
import { Datadirs, firstFile, type RealPath } from "./datadirs.ts";
import { deleteFile, removeOldName } from "./deleter.ts";
import { digestsOf, forgetDigests, keepDigests, type RecordedImage } from "./digests.ts";
import { openToReaders, type Ownership, parentsOf, removeEmpty } from "./directories.ts";
import { codeOf, type Intent, NOWHERE, reasonOf, storeError } from "./errors.ts";
import { Io } from "./io.ts";
import { leftovers, sweep } from "./leftovers.ts";
import { linkImage, refuseDuplicate } from "./linking.ts";
import { Lister } from "./lister.ts";
import { checkFileId, FileLocation } from "./location.ts";
import { metadataOf, type MountMetadata, readMetadataFile } from "./mount_metadata.ts";
import { OpenFile } from "./open_file.ts";
import { OpenImages } from "./open_images.ts";
import type { FileOptions } from "./options.ts";
import { etagOf, handleOf, lookAt, openImage, readerOf } from "./reader.ts";
import { StagedFile, type StagingOptions } from "./staged_file.ts";
import { createDatadir, prepare, requireHardLinks, requireWritable } from "./workspace.ts";
import { FILE_FLAGS, lstat, stat } from "./system.ts";

/** The driver of {@linkcode FileStore}. */
export class FileDriver implements Driver<FileLocation> {
  readonly listsFlat = true;
  readonly #options: FileOptions;

  readonly #datadirs: Datadirs;
  readonly #open: OpenImages;
  readonly #staging: StagingOptions;
  /** The owners of the datadirs that have been written to. */
  readonly #prepared = new Map<string, Ownership>();
  #metadata: readonly MountMetadata[] = [];

  /** Creates the driver of a store. */
  constructor({ options, capabilities }: DriverContext<FileOptions>) {
    this.#options = options;
    this.#datadirs = new Datadirs(options);
    this.#open = new OpenImages(this.#datadirs);
    this.#staging = { mode: readMode(options.filePerm!), sparse: options.thinProvisioning! };
    if (this.#staging.sparse) capabilities.setCapabilities(BitMasks.SPARSE);
  }

  /** Checks that the names of at least one datadir can be read and followed. */
  async configureGet(): Promise<void> {
    const io = this.#io();
    const failures: unknown[] = [];
    for (const datadir of this.#datadirs.paths) {
      try {
        const flags = FILE_FLAGS.O_RDONLY | (FILE_FLAGS.O_DIRECTORY ?? 0);
        await (await OpenFile.open(io, datadir, flags)).close();
        await io.wait(lstat(`${datadir}/.`));
      } catch (error) {
        if (codeOf(error) === "ENOENT" && this.#options.createDatadir) continue;
        failures.push(badDatadir(datadir, "cannot be read", error));
      }
    }
    // What is in one datadir can be read whatever becomes of the others.
    if (failures.length === this.#datadirs.paths.length) throw failures[0];
  }

  /** Checks that the datadirs can be written. Nothing is created before the first write. */
  async configureAdd(): Promise<void> {
    const io = this.#io();
    for (const datadir of this.#datadirs.paths) {
      try {
        await requireWritable(io, datadir);
      } catch (error) {
        if (codeOf(error) === "ENOENT" && this.#options.createDatadir) continue;
        throw badDatadir(datadir, "cannot be written", error);
      }
    }
    const { metadataFile } = this.#options;
    if (metadataFile) this.#metadata = await readMetadataFile(io, metadataFile);
  }

  /**
   * Prepares a datadir for the first write: creates the driver's own directories, removes what processes
   * that were killed left, and checks that files can be linked.
   */
  async #prepare(io: Io, datadir: string): Promise<Ownership> {
    const prepared = this.#prepared.get(datadir);
    if (prepared) return prepared;
    if (this.#options.createDatadir) await createDatadir(io, datadir);
    await openToReaders(io, datadir, this.#staging.mode);
    const owner = await prepare(io, datadir);
    await sweep(io, this.#datadirs, datadir);
    await requireHardLinks(io, datadir);
    this.#prepared.set(datadir, owner);
    return owner;
  }

  locate(
    imageId: string,
    { signal }: OperationOptions,
  ): FileLocation | Promise<FileLocation> {
    checkFileId(imageId);
    const paths = this.#datadirs.pathsOf(imageId);
    if (paths.length === 1) return new FileLocation(paths[0]!);
    return this.#to("read", async () => new FileLocation(await firstFile(this.#io(signal), paths)));
  }

  imageIdAt({ path }: FileLocation): string | undefined {
    return this.#datadirs.place(path)?.imageId;
  }

  openRead(
    { path }: FileLocation,
    range: ByteRange,
    { signal }: OperationOptions,
  ): Promise<ImageReader> {
    return this.#to("read", async () => {
      const { file, stats } = await this.#open.open(this.#io(signal), path);
      try {
        const reader = readerOf(file, stats, range);
        return { ...reader, read: (view) => this.#to("read", () => reader.read(view)) };
      } catch (error) {
        await file.close();
        throw error;
      }
    });
  }

  openHandle(
    { path }: FileLocation,
    _size: number,
    { signal }: OperationOptions,
  ): Promise<DriverHandle> {
    return this.#to("read", async () => {
      const { file, stats } = await openImage(this.#io(signal), this.#datadirs, path);
      const handle = handleOf(file, stats);
      return {
        ...handle,
        read: (view, position) => this.#to("read", () => handle.read(view, position)),
        extents: (offset, length) => this.#to("read", () => handle.extents!(offset, length)),
      };
    });
  }

  statImage(
    { path }: FileLocation,
    { signal }: OperationOptions,
  ): Promise<DriverStat> {
    return this.#to("read", async () => {
      const io = this.#io(signal);
      const { real, stats } = await lookAt(io, this.#datadirs, path);
      const { isChanged, checksum, multihash, inspection } =
        await digestsOf(io, { ...real, stats }) ?? {};
      return {
        size: Number(stats.size),
        modified: stats.mtime,
        etag: etagOf(stats),
        ...isChanged ? { recorded: { checksum, multihash } } : { checksum, multihash, inspection },
      };
    });
  }

  openWrite(
    imageId: string,
    { size, sparse = this.#staging.sparse, signal }: WriteOptions,
  ): Promise<ImageWriter<FileLocation>> {
    checkFileId(imageId);
    return this.#to("write", async () => {
      const io = this.#io(signal);
      await refuseDuplicate(io, this.#datadirs.pathsOf(imageId));
      const datadir = await this.#datadirs.choose(io, size);
      const path = this.#datadirs.pathIn(datadir, imageId);
      const owner = await this.#prepare(io, datadir);
      const staged = await StagedFile.create(io, datadir, owner, { ...this.#staging, sparse });
      return {
        location: new FileLocation(path),
        countData: (chunk) => staged.countData(chunk),
        write: (chunk) => this.#to("write", () => staged.write(chunk)),
        commit: (image) =>
          this.#to("write", async () => {
            await staged.publish(this.#datadirs, path, image);
            this.#open.forget();
            return metadataOf(path, this.#metadata);
          }),
        abort: () => staged.discard(),
      };
    });
  }

  async deleteImage(
    { path }: FileLocation,
    { signal }: OperationOptions,
  ): Promise<void> {
    const io = this.#io(signal);
    const image = await this.#to("read", () => lookAt(io, this.#datadirs, path));
    await this.#to("delete", () => deleteFile(io, this.#datadirs, path, image));
    this.#open.forget();
  }

  readUsage({ signal }: OperationOptions): Promise<StoreUsage> {
    return this.#to("read", () => this.#datadirs.usage(this.#io(signal)));
  }

  /** Lists what processes that were killed left in the datadirs. */
  leftovers(options: ScanOptions): AsyncIterable<Leftover> {
    return leftovers(this.#io(options.signal), this.#datadirs, options);
  }

  async removeDirectory(directory: string, { signal }: OperationOptions): Promise<void> {
    checkFileId(directory);
    for (const path of this.#datadirs.pathsOf(directory)) {
      await removeEmpty(this.#io(signal), this.#datadirs, [path]);
    }
  }

  async *listImages(
    directory: string,
    recursive: boolean,
    options: ListScanOptions,
  ): AsyncGenerator<ListEntry> {
    if (directory !== "") checkFileId(directory);
    const lister = new Lister(this.#io(options.signal), this.#datadirs, options);
    try {
      for await (const entries of lister.list(directory, recursive, this.#mayBeMissing)) {
        for (const entry of entries) yield entry;
      }
    } catch (error) {
      throw storeError(error, "read");
    } finally {
      lister.close();
    }
  }

  async copyImage(
    from: FileLocation,
    imageId: string,
    { signal }: OperationOptions,
  ): Promise<FileLocation | undefined> {
    checkFileId(imageId);
    const io = this.#io(signal);
    const source = await this.#to("read", () => openImage(io, this.#datadirs, from.path));
    try {
      const digests = await digestsOf(io, { ...source.real, stats: source.stats });
      // As a stream it is held to the digests that it had.
      if (digests?.isChanged) return undefined;
      return await this.#to("write", async () => {
        await refuseDuplicate(io, this.#datadirs.pathsOf(imageId));
        const datadir = await this.#datadirs.choose(io, Number(source.stats.size));
        const path = this.#datadirs.pathIn(datadir, imageId);
        const owner = await this.#prepare(io, datadir);
        const staged = await StagedFile.create(io, datadir, owner, this.#staging);
        try {
          await copyImageFile(io, source, staged, this.#datadirs);
          await staged.publish(this.#datadirs, path, digests);
          this.#open.forget();
        } catch (error) {
          await staged.discard().catch(() => {});
          throw error;
        }
        return new FileLocation(path);
      });
    } finally {
      await source.file.close();
    }
  }

  async renameImage(
    from: FileLocation,
    imageId: string,
    { signal }: OperationOptions,
  ): Promise<FileLocation> {
    checkFileId(imageId);
    const io = this.#io(signal);
    const image = await this.#to("read", () => lookAt(io, this.#datadirs, from.path));
    return await this.#to("write", async () => {
      await refuseDuplicate(io, this.#datadirs.pathsOf(imageId));
      const { datadir } = this.#datadirs.place(from.path)!;
      const path = this.#datadirs.pathIn(datadir, imageId);
      await this.#prepare(io, datadir);
      const { real, stats } = image;
      const digests = await digestsOf(io, { ...real, stats });
      let record: RecordedImage | undefined;
      const keep = async (place: RealPath) => {
        if (!digests) return;
        record = { ...place, stats };
        const owner = await io.wait(stat(real.path));
        await keepDigests(io, record, digests, owner).catch(() => {});
      };
      try {
        await linkImage(io, this.#datadirs, real.path, path, this.#staging.mode, keep);
      } catch (error) {
        if (record) await forgetDigests(io.cleanup, record);
        throw error;
      }
      await removeOldName(io.unaborted, this.#datadirs, from.path, path, image);
      this.#open.forget();
      if (digests) await forgetDigests(io.cleanup, { ...real, stats });
      await removeEmpty(io.cleanup, this.#datadirs, parentsOf(this.#datadirs, from.path));
      return new FileLocation(path);
    });
  }

  /** Whether a datadir may be missing because nothing was written to it yet. */
  get #mayBeMissing(): boolean {
    return this.#options.createDatadir! && this.#prepared.size === 0;
  }

  /**
   * Records the digests of an image that was read whole just now.
   *
   * @throws {ImageChanged} If it has another size by now.
   */
  async recordDigests(
    { path }: FileLocation,
    { size, checksum, multihash, inspection }: ImageFacts,
    { signal }: OperationOptions,
  ): Promise<void> {
    const io = this.#io(signal);
    await this.#to("write", async () => {
      const { real, stats } = await lookAt(io, this.#datadirs, path);
      if (Number(stats.size) !== size) {
        throw new ImageChanged("the image was changed while its digests were computed");
      }
      await this.#prepare(io, real.datadir);
      const image = { ...real, stats };
      await forgetDigests(io, image);
      const owner = await io.wait(stat(real.path));
      await keepDigests(io, image, { checksum, multihash, inspection }, owner);
    });
  }

  #io(signal?: AbortSignal | undefined): Io {
    return new Io(this.#options.chunkSize!, this.#options.timeout! * 1000, signal);
  }

  /** Says in the store's terms what goes wrong. */
  async #to<T>(intent: Intent, body: () => Promise<T>): Promise<T> {
    try {
      return await body();
    } catch (error) {
      // Without its datadir no image is known to be missing, unless nothing was ever added.
      if (NOWHERE.includes(codeOf(error)!) && !this.#mayBeMissing) {
        await this.#datadirs.requireAll(this.#io());
      }
      throw storeError(error, intent);
    }
  }
}

/** Reads the digits of a decimal number as octal ones, as glance_store does. */
function readMode(filePerm: number): number {
  if (filePerm <= 0) return 0;
  const mode = /^[0-7]+$/.test(`${filePerm}`) ? parseInt(`${filePerm}`, 8) : 0;
  if ((mode & 0o400) === 0) {
    throw new BadStoreConfiguration(
      `option "filePerm" is ${filePerm}, allowed are octal digits that let the owner read, as 640`,
    );
  }
  return mode;
}

function badDatadir(datadir: string, what: string, error: unknown): unknown {
  if (error instanceof StoreError || !(error instanceof Error)) return error;
  return new BadStoreConfiguration(`the datadir ${datadir} ${what}: ${reasonOf(error)}`, {
    cause: error,
  });
}
