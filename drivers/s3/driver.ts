/**
 * The S3 store: images as objects of one bucket, on Amazon S3 and on everything that speaks its
 * protocol.
 *
 * @module
 */
import { checkImageId } from "../../location/mod.ts";
import type {
  Driver,
  DriverContext,
  ImageReader,
  ImageWriter,
  OpenReadOptions,
  WriteOptions,
} from "../../store/driver.ts";
import type {
  Acls,
  DriverStat,
  Leftover,
  ListEntry,
  ListScanOptions,
  OperationOptions,
  PresignRequest,
  ScanOptions,
  StoreUsage,
} from "../../store/types.ts";
import type { ByteRange } from "../../streams/mod.ts";
import type { S3Client } from "./client.ts";
import { Endpoint } from "./endpoint.ts";
import { S3Location } from "./location.ts";
import type { S3Settings } from "./options.ts";
import { checkOptions } from "./check_options.ts";
import type { WriteState } from "./write_state.ts";

/** The driver of {@linkcode S3Store}. */
export class S3Driver implements Driver<S3Location> {
  /** A listing is of flat names. */
  readonly listsFlat = true;
  readonly #options: S3Settings;

  readonly #endpoint: Endpoint;
  #client: S3Client | undefined;
  #writing: Promise<WriteState> | undefined;

  /**
   * Creates the driver of a store. Nothing is opened.
   *
   * @param context The name of the store, its options and its capabilities.
   */
  constructor({ name, options }: DriverContext<S3Settings>) {
    this.#options = options;
    this.#endpoint = new Endpoint(options, name);
    checkOptions(options, name);
  }

  async configureGet(): Promise<void> {
    const { S3Client } = await import("./client.ts");
    this.#client = new S3Client(this.#options, this.#endpoint);
  }

  async locate(imageId: string): Promise<S3Location> {
    const { scheme, host, prefix } = this.#endpoint;
    const keys = this.#options.keysInLocations ? await this.#client!.credentials() : undefined;
    return new S3Location(scheme, host, prefix + imageId, keys);
  }

  imageIdAt({ host, path }: S3Location): string | undefined {
    try {
      return checkImageId(this.#endpoint.keyAt(host, path) ?? "");
    } catch {
      return undefined;
    }
  }

  async openRead(
    location: S3Location,
    range: ByteRange,
    options: OpenReadOptions,
  ): Promise<ImageReader> {
    const { openObject } = await import("./reader.ts");
    return await openObject(this.#client!, this.#options, this.#key(location), range, options);
  }

  async statImage(
    location: S3Location,
    { signal }: OperationOptions,
  ): Promise<DriverStat> {
    const { statObject } = await import("./stat.ts");
    return await statObject(this.#client!, this.#key(location), signal);
  }

  async openWrite(
    imageId: string,
    options: WriteOptions,
  ): Promise<ImageWriter<S3Location>> {
    const [{ S3Writer }, state] = await Promise.all([import("./writer.ts"), this.#writeState()]);
    await state.cleanUpAgain();
    const { size, signal } = options;
    // An image of one `PUT` is not there yet when that is found out by itself.
    if (size === undefined || size > this.#options.largeObjectChunkSize * 2 ** 20) {
      await state.refuseDuplicate(imageId, "complete", signal);
    }
    return new S3Writer(state, await this.locate(imageId), imageId, options);
  }

  async deleteImage(
    location: S3Location,
    { signal }: OperationOptions,
  ): Promise<void> {
    const key = this.#key(location);
    const [{ deleteObject }, state] = await Promise.all([
      import("./deleter.ts"),
      this.#writeState(),
    ]);
    await state.inTurn(key, async () => {
      // The server responds the same whether there was something to delete or not.
      await this.#client!.headers({ method: "HEAD", key, signal });
      await deleteObject(this.#client!, key, signal);
    });
  }

  async removeDirectory(directory: string, { signal }: OperationOptions): Promise<void> {
    await (await import("./deleter.ts")).deleteMarker(this.#client!, directory, signal);
  }

  async *listImages(
    directory: string,
    recursive: boolean,
    options: ListScanOptions,
  ): AsyncGenerator<ListEntry> {
    const { listObjects } = await import("./lister.ts");
    yield* listObjects(this.#client!, directory, recursive, options);
  }

  async copyImage(
    from: S3Location,
    imageId: string,
    { signal }: OperationOptions,
  ): Promise<S3Location> {
    const [{ copyObject }, state] = await Promise.all([import("./copier.ts"), this.#writeState()]);
    await copyObject(state, this.#key(from), imageId, { signal });
    return await this.locate(imageId);
  }

  async renameImage(
    from: S3Location,
    imageId: string,
    { signal }: OperationOptions,
  ): Promise<S3Location> {
    const [{ renameObject }, state] = await Promise.all([
      import("./copier.ts"),
      this.#writeState(),
    ]);
    await renameObject(state, this.#key(from), imageId, signal);
    return await this.locate(imageId);
  }

  async readAcls(
    location: S3Location,
    { signal }: OperationOptions,
  ): Promise<Acls> {
    const { readAcls } = await import("./acls.ts");
    return (await readAcls(this.#client!, this.#key(location), signal)).acls;
  }

  async writeAcls(
    location: S3Location,
    acls: Acls,
    { signal }: OperationOptions,
  ): Promise<void> {
    const { writeAcls } = await import("./acls.ts");
    await writeAcls(this.#client!, this.#key(location), acls, signal);
  }

  async presignImage(
    location: S3Location,
    request: PresignRequest,
  ): Promise<URL> {
    const { presignObject } = await import("./presigner.ts");
    const { requesterPays } = this.#options;
    return await presignObject(this.#client!, this.#key(location), request, requesterPays);
  }

  async readUsage({ signal }: OperationOptions): Promise<StoreUsage> {
    const { readUsage } = await import("./usage.ts");
    return await readUsage(this.#client!, this.#options.createBucketOnPut, signal);
  }

  async *leftovers({ signal }: ScanOptions): AsyncGenerator<Leftover> {
    const [{ listLeftovers }, state] = await Promise.all([
      import("./leftovers.ts"),
      this.#writeState(),
    ]);
    yield* listLeftovers(state, signal);
  }

  async deleteImages(
    locations: AsyncIterable<S3Location>,
    { signal }: OperationOptions,
  ): Promise<void> {
    const { deleteObjects } = await import("./deleter.ts");
    const key = (location: S3Location) => this.#key(location);
    const keys = async function* () {
      for await (const location of locations) yield key(location);
    };
    await deleteObjects(this.#client!, keys(), signal);
  }

  async release(): Promise<void> {
    const state = await this.#writing;
    this.#writing = undefined;
    await state?.cleanUpAgain();
    await this.#client!.close();
  }

  #key(location: S3Location): string {
    return location.path.slice(this.#endpoint.prefix.length);
  }

  #writeState(): Promise<WriteState> {
    return this.#writing ??= import("./write_state.ts")
      .then(({ WriteState }) => new WriteState(this.#client!, this.#options));
  }
}
