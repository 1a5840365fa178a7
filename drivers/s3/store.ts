/**
 * The S3 store: images as objects of one bucket, on Amazon S3 and on everything that speaks its
 * protocol.
 *
 * @module
 */
import { BitMasks } from "../../capabilities/mod.ts";
import { BadStoreConfiguration, Invalid, StorePresignNotSupported } from "../../errors/mod.ts";
import { checkImageId, type StoreLocationClass } from "../../location/mod.ts";
import type { ByteRange } from "../../streams/mod.ts";
import type {
  Acls,
  DriverStat,
  ImageReader,
  ImageWriter,
  Leftover,
  ListEntry,
  OperationOptions,
  PresignRequest,
  WriteOptions,
} from "../../store/driver.ts";
import type { OptionDefinitions } from "../../store/options.ts";
import { Store } from "../../store/store.ts";
import type { S3Client } from "./client.ts";
import { Endpoint } from "./endpoint.ts";
import { S3Location, SCHEMES } from "./location.ts";
import { OPTIONS, type S3Options, type S3Settings } from "./options.ts";
import type { WriteState } from "./write_state.ts";

/** The longest that a presigned URL may be good, in milliseconds: 7 days. */
const MAX_EXPIRY = 604_800_000;

/**
 * A store in an S3 bucket. An image id is the object's key.
 *
 * An image is one object, uploaded with one `PUT` up to `largeObjectSize` MiB, else in parts; either
 * way it appears whole or not at all. What a failed add cannot remove, because the server is away, is
 * removed before the next add or by `close`. Where an add is cut off (the process ends), the parts stay
 * until {@linkcode Store.gc} removes them.
 *
 * An abort waits for the request that makes an image appear, or begins an upload in parts, which the
 * server might carry out all the same, and removes what came of it. That takes 40 s at most and 1 s
 * more per 64 KiB of a `PUT`, or 10 minutes where the server copies or puts parts together; the removing
 * takes 30 s more from a server that does not answer.
 *
 * An id is never overwritten where the server decides by `If-None-Match: *`: Amazon S3 always, Ceph
 * for images of one `PUT`. Elsewhere, on Swift too, the store looks whether the id is there immediately
 * before the object appears, so that two processes which end adds of one id within that moment can both
 * succeed, and the later image stays. Two adds of one store object never do.
 *
 * The digests are kept with images of one `PUT`, and with others if they were `expected` to have
 * them: nothing can be added to an object later but by copying all of it.
 *
 * @example Images in a bucket
 * ```ts
 * import { S3Store } from "@vitrine/vitrine/s3";
 *
 * async function backUp(image: ReadableStream<Uint8Array>): Promise<string> {
 *   await using store = new S3Store("backup", {
 *     host: "https://s3.eu-west-1.amazonaws.com",
 *     bucket: "images",
 *     accessKey: "AKIA...",
 *     secretKey: "...",
 *   });
 *   const { location } = await store.add("debian/12.qcow2", image);
 *   return location.uri();
 * }
 * ```
 */
export class S3Store extends Store<S3Location, S3Settings> {
  /** The options, as data. */
  static override readonly OPTIONS: OptionDefinitions = OPTIONS;
  /** `s3`, `s3+https`, `s3+http`. */
  static override readonly SCHEMES: readonly string[] = SCHEMES;
  /** Reading anywhere, writing, listing, copying, ACLs, presigned URLs. */
  static override readonly CAPABILITIES: number = BitMasks.READ_RANDOM | BitMasks.WRITE_ACCESS |
    BitMasks.DRIVER_REUSABLE | BitMasks.ACL_READ | BitMasks.ACL_WRITE | BitMasks.LIST |
    BitMasks.COPY | BitMasks.PRESIGN;
  /** {@linkcode S3Location}. */
  static override readonly LOCATION: StoreLocationClass<S3Location> = S3Location;

  readonly #endpoint: Endpoint;
  #client: S3Client | undefined;
  #writing: Promise<WriteState> | undefined;

  /** Reads the options; throws `BadStoreConfiguration`. Nothing is opened yet. */
  constructor(name: string, options: S3Options) {
    super(name, { ...options });
    this.#endpoint = new Endpoint(this.options, name);
    if (!this.options.accessKey !== !this.options.secretKey) {
      throw new BadStoreConfiguration('the options "accessKey" and "secretKey" belong together', {
        store: name,
      });
    }
  }

  /** @internal */
  protected override async configureGet(): Promise<void> {
    const { S3Client } = await import("./client.ts");
    this.#client = new S3Client(this.options, this.#endpoint);
  }

  /** @internal */
  protected override async locate(imageId: string): Promise<S3Location> {
    const { scheme, host, prefix } = this.#endpoint;
    const keys = this.options.keysInLocations ? await this.#client!.credentials() : undefined;
    return new S3Location(scheme, host, prefix + imageId, keys);
  }

  /** @internal */
  protected override imageIdAt({ host, path }: S3Location): string | undefined {
    try {
      return checkImageId(this.#endpoint.keyAt(host, path) ?? "");
    } catch {
      return undefined;
    }
  }

  /** @internal */
  protected override async openRead(
    location: S3Location,
    range: ByteRange,
    { signal }: OperationOptions,
  ): Promise<ImageReader> {
    const key = this.#key(location);
    const { enableDataIntegrityProtection, responseChecksumValidation: when } = this.options;
    const held = enableDataIntegrityProtection && when === "when_supported";
    if (!held || range.offset > 0 || range.length !== undefined) {
      return await this.#client!.open(key, range, undefined, signal);
    }
    const { heldTo } = await import("./integrity.ts");
    const headers = await this.#client!.headers({
      method: "HEAD",
      key,
      headers: { "x-amz-checksum-mode": "ENABLED" },
      signal,
    });
    const etag = headers.get("etag") ?? undefined;
    return await heldTo(headers, await this.#client!.open(key, range, etag, signal));
  }

  /** @internal */
  protected override async statImage(
    location: S3Location,
    { signal }: OperationOptions,
  ): Promise<DriverStat> {
    return await this.#client!.stat(this.#key(location), signal);
  }

  /** @internal */
  protected override async openWrite(
    imageId: string,
    options: WriteOptions,
  ): Promise<ImageWriter<S3Location>> {
    const [{ S3Upload }, state] = await Promise.all([import("./upload.ts"), this.#writeState()]);
    await state.cleanUpAgain();
    const { size, signal } = options;
    // An image of one `PUT` is not there yet when that is found out by itself.
    if (size === undefined || size > this.options.largeObjectChunkSize * 2 ** 20) {
      await state.refuseDuplicate(imageId, signal);
    }
    return new S3Upload(state, await this.locate(imageId), imageId, options);
  }

  /** @internal */
  protected override async deleteImage(
    location: S3Location,
    { signal }: OperationOptions,
  ): Promise<void> {
    const key = this.#key(location);
    // The server answers the same whether there was something to delete or not.
    await this.#client!.headers({ method: "HEAD", key, signal });
    await this.#client!.headers({ method: "DELETE", key, signal });
  }

  /** @internal */
  protected override async *listImages(
    directory: string,
    recursive: boolean,
    { signal }: OperationOptions,
  ): AsyncGenerator<ListEntry> {
    const { listObjects } = await import("./listing.ts");
    yield* listObjects(this.#client!, directory, recursive, signal);
  }

  /** @internal */
  protected override async copyImage(
    from: S3Location,
    imageId: string,
    { signal }: OperationOptions,
  ): Promise<S3Location> {
    const [{ copyObject }, state] = await Promise.all([import("./copy.ts"), this.#writeState()]);
    await copyObject(state, this.#key(from), imageId, { signal });
    return await this.locate(imageId);
  }

  /** @internal */
  protected override async readAcls(
    location: S3Location,
    { signal }: OperationOptions,
  ): Promise<Acls> {
    const { readAcls } = await import("./acls.ts");
    return (await readAcls(this.#client!, this.#key(location), signal)).acls;
  }

  /** @internal */
  protected override async writeAcls(
    location: S3Location,
    acls: Acls,
    { signal }: OperationOptions,
  ): Promise<void> {
    const { writeAcls } = await import("./acls.ts");
    await writeAcls(this.#client!, this.#key(location), acls, signal);
  }

  /** @internal */
  protected override async presignImage(
    location: S3Location,
    { method, expiresIn }: PresignRequest,
  ): Promise<URL> {
    if (expiresIn > MAX_EXPIRY) throw new Invalid("a presigned URL is good for 7 days at most");
    const seconds = Math.ceil(expiresIn / 1000);
    const url = await this.#client!.presign(method, this.#key(location), seconds);
    if (url === undefined) throw new StorePresignNotSupported("the store signs nothing");
    return url;
  }

  /** @internal */
  protected override async *leftovers({ signal }: OperationOptions): AsyncGenerator<Leftover> {
    const [{ leftovers }, state] = await Promise.all([
      import("./listing.ts"),
      this.#writeState(),
    ]);
    yield* leftovers(state, signal);
  }

  /** @internal */
  protected override async deleteImages(
    locations: AsyncIterable<S3Location>,
    { signal }: OperationOptions,
  ): Promise<void> {
    const { deleteObjects } = await import("./delete_objects.ts");
    const key = (location: S3Location) => this.#key(location);
    const keys = async function* () {
      for await (const location of locations) yield key(location);
    };
    await deleteObjects(this.#client!, keys(), signal);
  }

  /** @internal */
  protected override async release(): Promise<void> {
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
      .then(({ WriteState }) => new WriteState(this.#client!, this.options));
  }
}
