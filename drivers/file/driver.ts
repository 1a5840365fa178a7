/**
 * The file store.
 *
 * @module
 */
import { BitMasks } from "../../capabilities/mod.ts";
import { BadStoreConfiguration, StorageFull, StoreError } from "../../errors/mod.ts";
import type {
  Driver,
  DriverContext,
  ImageReader,
  ImageWriter,
  WriteOptions,
} from "../../store/driver.ts";
import type {
  DriverStat,
  ImageHandle,
  ListEntry,
  OperationOptions,
  ScanOptions,
} from "../../store/types.ts";
import type { ByteRange } from "../../streams/mod.ts";
import { copyImageFile } from "./copier.ts";
import { Datadirs, firstFile } from "./datadirs.ts";
import { digestsOf, forgetDigests } from "./digests.ts";
import { openToReaders, parentsOf, removeEmpty } from "./directories.ts";
import { StagedFile, type StagingOptions } from "./staged_file.ts";
import { codeOf, type Intent, NOWHERE, reasonOf, storeError, unless } from "./errors.ts";
import { etagOf, handleOf, lookAt, openImage, readerOf } from "./reader.ts";
import { Io } from "./io.ts";
import { linkImage, refuseDuplicate, removeOldName } from "./linking.ts";
import { listDatadirs } from "./lister.ts";
import { checkFileId, FileLocation } from "./location.ts";
import { metadataOf, type MountMetadata, readMetadataFile } from "./mount_metadata.ts";
import { OpenImages } from "./open_images.ts";
import type { FileOptions } from "./options.ts";
import { lstat, mkdir, opendir, unlink } from "./system.ts";
import { prepare, proveWritable, sweep } from "./workspace.ts";

/** The driver of {@linkcode FileStore}. */
export class FileDriver implements Driver<FileLocation> {
  readonly #options: FileOptions;

  readonly #datadirs: Datadirs;
  readonly #open: OpenImages;
  readonly #staging: StagingOptions;
  #metadata: readonly MountMetadata[] = [];

  /** Creates the driver of a store. */
  constructor({ options, capabilities }: DriverContext<FileOptions>) {
    this.#options = options;
    this.#datadirs = new Datadirs(options);
    this.#open = new OpenImages(this.#datadirs);
    this.#staging = { mode: readMode(options.filePerm!), sparse: options.thinProvisioning! };
    if (this.#staging.sparse) capabilities.setCapabilities(BitMasks.SPARSE);
  }

  async configureGet(): Promise<void> {
    const io = this.#io();
    for (const datadir of this.#datadirs.paths) {
      try {
        // Whether names can be read and followed; a datadir that is missing can still be made.
        const directory = await unless(["ENOENT"], io.wait(opendir(datadir)));
        await directory?.close();
        await unless(["ENOENT"], io.wait(lstat(`${datadir}/.`)));
      } catch (error) {
        throw badDatadir(datadir, "cannot be read", error);
      }
    }
  }

  /** Makes the datadirs and clears away what a crash left there. */
  async configureAdd(): Promise<void> {
    const io = this.#io();
    for (const datadir of this.#datadirs.paths) {
      try {
        await io.wait(mkdir(datadir, { recursive: true }));
        await openToReaders(io, datadir, this.#staging.mode);
        await prepare(io, datadir);
        await sweep(io, this.#datadirs, datadir);
        await proveWritable(io, datadir);
      } catch (error) {
        // A full disk is for each add to find: room may be made.
        if (storeError(error, "write") instanceof StorageFull) continue;
        throw badDatadir(datadir, "cannot be written", error);
      }
    }
    const { metadataFile } = this.#options;
    if (metadataFile) this.#metadata = await readMetadataFile(io, metadataFile);
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
  ): Promise<ImageHandle> {
    return this.#to("read", async () => {
      const { file, stats } = await openImage(this.#io(signal), this.#datadirs, path);
      const handle = handleOf(file, stats);
      return {
        ...handle,
        read: (view, position) => this.#to("read", () => handle.read(view, position)),
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
      return {
        size: Number(stats.size),
        modified: stats.mtime,
        etag: etagOf(stats),
        ...await digestsOf(io, real.datadir, stats),
      };
    });
  }

  openWrite(
    imageId: string,
    { size, signal }: WriteOptions,
  ): Promise<ImageWriter<FileLocation>> {
    checkFileId(imageId);
    return this.#to("write", async () => {
      const io = this.#io(signal);
      await refuseDuplicate(io, this.#datadirs.pathsOf(imageId));
      const datadir = await this.#datadirs.choose(io, size);
      const path = this.#datadirs.pathIn(datadir, imageId);
      const staged = await StagedFile.create(io, datadir, this.#staging);
      return {
        location: new FileLocation(path),
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
    const { real, stats } = await this.#to("read", () => lookAt(io, this.#datadirs, path));
    await this.#to("delete", async () => {
      // Behind a symbolic link, or with a further name, the image is still there.
      const isLast = stats.nlink === 1n && !(await io.wait(lstat(path))).isSymbolicLink();
      const cleanUp = async () => {
        if (isLast) await forgetDigests(io.cleanup, real.datadir, stats);
        await removeEmpty(io.cleanup, parentsOf(this.#datadirs, path));
      };
      await io.wait(unlink(path), cleanUp);
      this.#open.forget();
      await cleanUp();
    });
  }

  async *listImages(
    directory: string,
    recursive: boolean,
    { signal }: ScanOptions,
  ): AsyncGenerator<ListEntry> {
    if (directory !== "") checkFileId(directory);
    try {
      const io = this.#io(signal);
      await this.#datadirs.requireAll(io);
      yield* listDatadirs(io, this.#datadirs, directory, recursive);
    } catch (error) {
      throw storeError(error, "read");
    }
  }

  async copyImage(
    from: FileLocation,
    imageId: string,
    { signal }: OperationOptions,
  ): Promise<FileLocation> {
    checkFileId(imageId);
    const io = this.#io(signal);
    const source = await this.#to("read", () => openImage(io, this.#datadirs, from.path));
    try {
      return await this.#to("write", async () => {
        await refuseDuplicate(io, this.#datadirs.pathsOf(imageId));
        const datadir = await this.#datadirs.choose(io, Number(source.stats.size));
        const path = this.#datadirs.pathIn(datadir, imageId);
        const staged = await StagedFile.create(io, datadir, this.#staging);
        try {
          await copyImageFile(io, source, staged, this.#datadirs);
          const digests = await digestsOf(io, source.real.datadir, source.stats);
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
      await linkImage(io, this.#datadirs, image.real.path, path, this.#staging.mode);
      await removeOldName(io.unaborted, from.path, path, image.stats);
      this.#open.forget();
      await removeEmpty(io.cleanup, parentsOf(this.#datadirs, from.path));
      return new FileLocation(path);
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
      // Without its datadir no image is known to be missing.
      if (NOWHERE.includes(codeOf(error)!)) await this.#datadirs.requireAll(this.#io());
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
