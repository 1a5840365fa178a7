/**
 * The driver of Swift stores: images in OpenStack Swift, or in radosgw's Swift API, as glance_store keeps
 * them.
 *
 * @module
 */
import { BitMasks } from "../../capabilities/mod.ts";
import { BadStoreConfiguration, InvalidImageId, NotFound } from "../../errors/mod.ts";
import type { ImageInspection } from "../../formats/mod.ts";
import { isWorkerd } from "../../runtime/mod.ts";
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
  DeleteManyOptions,
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
import { readRange } from "../../transport/read_range.ts";
import type { HttpResponse } from "../../transport/response.ts";
import { Transport } from "../../transport/transport.ts";
import { Accounts, type LongClient } from "./accounts.ts";
import { objectUrl, type SwiftClient } from "./client.ts";
import {
  CONTAINER_LIMIT,
  containerOf,
  createContainer,
  listContainers,
  removeContainer,
} from "./containers.ts";
import { isMarkerObject } from "./directories.ts";
import { SwiftLocation } from "./location.ts";
import { isImageId } from "./object_names.ts";
import { MB, type SwiftSettings } from "./options.ts";
import type { StaticSupport } from "./put_manifest.ts";
import { openImage, type OpenObject, ReadingTransport } from "./reader.ts";
import { checkSize, META, parseFormat, statOf } from "./stat.ts";
import type { UploadOptions } from "./upload.ts";

/** How long to connect at most, in milliseconds. */
const CONNECT = 10_000;

/** How many parts of an image are read at once by default. */
const CONCURRENCY = 4;

/** The largest segment that is sent, in bytes: several wait in memory. Larger ones are divided. */
const SEGMENT_LIMIT = 32 * MB;

/** The driver of {@linkcode SwiftStore}. */
export class SwiftDriver implements Driver<SwiftLocation> {
  /** A listing is of flat names. */
  readonly listsFlat = true;
  readonly #options: SwiftSettings;

  readonly #transport: Transport;
  readonly #reading: Transport;
  readonly #accounts: Accounts;
  /** The ids of the uploads that are under way. */
  readonly #underway = new Set<string>();
  /** What is known of static manifests on the server. */
  readonly #support: StaticSupport = {};

  /**
   * Creates the driver of a store. Nothing is opened.
   *
   * @param context The name of the store, its options and its capabilities.
   * @throws {BadStoreConfiguration} If the options do not go together.
   */
  constructor({ options, capabilities }: DriverContext<SwiftSettings>) {
    this.#options = options;
    const { retries, retryGetCount = retries, timeout, proxy, fetch, tempUrlKey } = options;
    const { maxRequests: requests } = options;
    const { cacert: caFile, authInsecure: insecure, multiTenant, multipleContainersSeed } = options;
    if (multiTenant && multipleContainersSeed > 0) {
      throw new BadStoreConfiguration("multiTenant and multipleContainersSeed exclude each other");
    }
    const { container } = options;
    const length = new TextEncoder().encode(container).length;
    if (container.includes("/") || length === 0 || length > CONTAINER_LIMIT) {
      throw new BadStoreConfiguration(
        `container is ${JSON.stringify(container)}, allowed are 1 to 256 bytes without a slash`,
      );
    }
    const timeouts = timeout === undefined ? {} : {
      connect: Math.min(timeout, CONNECT),
      firstByte: timeout,
      idle: timeout,
    };
    const transport = { caFile, insecure, proxy, fetch, requests, timeouts };
    this.#transport = new Transport({ ...transport, retries });
    this.#reading = new ReadingTransport({ ...transport, retries: retryGetCount });
    this.#accounts = new Accounts(options, this.#transport);
    if (multiTenant) capabilities.setCapabilities(BitMasks.ACL_READ, BitMasks.ACL_WRITE);
    if (tempUrlKey !== undefined) capabilities.setCapabilities(BitMasks.PRESIGN);
  }

  configureGet(): Promise<void> {
    return this.#accounts.load();
  }

  /** Looks whether there is an account that takes new images. Nobody logs in yet. */
  configureAdd(): Promise<void> {
    if (!this.#options.multiTenant) this.#accounts.requireDefault();
    return Promise.resolve();
  }

  async release(): Promise<void> {
    this.#accounts.close();
    await Promise.all([this.#transport.close(), this.#reading.close()]);
  }

  async locate(
    imageId: string,
    options: OperationOptions,
  ): Promise<SwiftLocation> {
    const container = containerOf(imageId, this.#options);
    if (container === undefined) {
      throw new InvalidImageId(`${JSON.stringify(imageId)} is no image id of this store`);
    }
    const { multiTenant, defaultSwiftReference } = this.#options;
    if (!multiTenant) {
      const address = defaultSwiftReference;
      return new SwiftLocation({ scheme: "swift+config", address, container, object: imageId });
    }
    const url = await this.#accounts.accountUrl(options);
    return new SwiftLocation({
      scheme: url.startsWith("http://") ? "swift+http" : "swift+https",
      address: url.replace(/^https?:\/\//, "").replace(/\/+$/, ""),
      container,
      object: imageId,
    });
  }

  imageIdAt(location: SwiftLocation): string | undefined {
    const { container, object } = location;
    if (!isImageId(object) || containerOf(object, this.#options) !== container) return undefined;
    return this.#accounts.isDefault(location) ? object : undefined;
  }

  owns(location: SwiftLocation): boolean {
    return this.#accounts.owns(location);
  }

  async openRead(
    location: SwiftLocation,
    range: ByteRange,
    { signal, context, conditions }: OpenReadOptions,
  ): Promise<ImageReader> {
    const client = await this.#accounts.client(location, { signal, context });
    const open: OpenObject = async ({ container, object }, range, etag) => {
      const request = await client.request({ container, object, signal });
      let inspection: ImageInspection | undefined;
      const onResponse = ({ headers }: HttpResponse) => void (inspection = parseFormat(headers));
      const read = conditions && etag === undefined
        ? (await import("../../transport/conditional_range.ts")).readRangeIf(conditions, false)
        : readRange;
      const reader = await read(this.#reading, request, { ...range, etag, onResponse });
      return Object.assign(reader, { inspection: inspection ?? null });
    };
    // workerd passes on what comes over one connection without looking at it.
    const { readConcurrency: concurrency = isWorkerd() ? 1 : CONCURRENCY } = this.#options;
    return await openImage(open, client, location, range, { concurrency, signal });
  }

  async statImage(
    location: SwiftLocation,
    { signal, context }: OperationOptions,
  ): Promise<DriverStat> {
    const client = await this.#accounts.client(location, { signal, context });
    const { container, object } = location;
    const { headers } = await client.send({ method: "HEAD", container, object, signal });
    if (isMarkerObject(object, headers)) throw new NotFound("it is the marker of a directory");
    checkSize(headers);
    return statOf(headers);
  }

  async openWrite(
    imageId: string,
    { size, signal, context, resume = false, ...properties }: WriteOptions,
  ): Promise<ImageWriter<SwiftLocation>> {
    const [{ refuseDuplicate }, { SwiftWriter }, { formatProperties }, { resumableId }] =
      await Promise.all([
        import("./upload.ts"),
        import("./writer.ts"),
        import("../../store/image_properties.ts"),
        import("./resumable.ts"),
      ]);
    const { largeObjectSize, largeObjectChunkSize, concurrency } = this.#options;
    const { deleteAfter, multiTenant } = this.#options;
    const location = await this.locate(imageId, { signal, context });
    const client = await this.#accounts.client(location, { signal, context });
    // An abort later may leave something to clean up, which needs the login too.
    await client.accountUrl(signal);
    const wanted = largeObjectChunkSize * MB;
    const segmentSize = Math.ceil(wanted / Math.ceil(wanted / SEGMENT_LIMIT));
    // What is sent in one go is held in memory, for which there is as much room as for segments.
    const isSmall = size !== undefined && size < largeObjectSize * MB &&
      size <= segmentSize * (concurrency + 1);
    // What is sent in one go meets an image that is there already soon enough.
    const now = isSmall && deleteAfter === undefined && !multiTenant
      ? 0
      : await refuseDuplicate(client, location, signal);
    const { options, discard } = await this.#prepare(client, location, now);
    let long: LongClient | undefined;
    return new SwiftWriter({
      ...options,
      id: resume ? await resumableId(location.object) : undefined,
      resume,
      headers: formatProperties(properties, META),
      segmentSize: isSmall ? Math.max(size, 1) : segmentSize,
      concurrency,
      signal,
      client,
      longClient: async () => {
        long = await this.#accounts.longClient(location, { signal, context });
        return long?.client ?? client;
      },
      dispose: async (failed) => {
        try {
          // The caller's token may have ended.
          if (failed) await discard(long?.client ?? client);
        } finally {
          await long?.dispose().catch(() => {});
        }
      },
    });
  }

  async deleteImage(
    location: SwiftLocation,
    { signal, context }: OperationOptions,
  ): Promise<void> {
    const client = await this.#accounts.client(location, { signal, context });
    const { container, object } = location;
    const { deleteImage } = await import("./deleter.ts");
    await deleteImage(client, location, signal);
    if (this.#options.multiTenant && container === containerOf(object, this.#options)) {
      await removeContainer(client, container);
    }
  }

  async deleteImages(
    locations: AsyncIterable<SwiftLocation>,
    { signal, context, onDeleted }: DeleteManyOptions,
  ): Promise<void> {
    const { deleteImages } = await import("./deleter.ts");
    const remove = async (location: SwiftLocation) => {
      await this.deleteImage(location, { signal, context });
      onDeleted(location, { status: "deleted" });
    };
    const onMissing = (location: SwiftLocation) => onDeleted(location, { status: "missing" });
    await deleteImages(locations, this.#options.concurrency, remove, onMissing);
  }

  async removeDirectory(directory: string, options: OperationOptions): Promise<void> {
    const { multiTenant } = this.#options;
    // There an image has a container of its own, which cannot be in a directory.
    if (multiTenant || !isImageId(directory)) return;
    const { signal } = options;
    const client = await this.#accounts.client(undefined, options);
    const { deleteMarkers } = await import("./directories.ts");
    for await (const container of listContainers(client, this.#options, signal)) {
      await deleteMarkers(client, container, directory, signal);
    }
  }

  async *listImages(
    directory: string,
    recursive: boolean,
    options: ListScanOptions,
  ): AsyncGenerator<ListEntry> {
    const client = await this.#accounts.client(undefined, options);
    const { listImages } = await import("./lister.ts");
    yield* listImages(client, this.#options, { directory, recursive }, options);
  }

  async readUsage(options: OperationOptions): Promise<StoreUsage> {
    const { readUsage } = await import("./usage.ts");
    const { concurrency } = this.#options;
    const { signal } = options;
    const client = await this.#accounts.client(undefined, options);
    const containers = listContainers(client, this.#options, signal);
    return await readUsage(client, containers, { concurrency, signal });
  }

  async *leftovers(options: ScanOptions): AsyncGenerator<Leftover> {
    const { listLeftovers } = await import("./leftovers.ts");
    const { concurrency } = this.#options;
    const client = await this.#accounts.client(undefined, options);
    const containers = listContainers(client, this.#options, options.signal);
    const more = { underway: this.#underway, concurrency };
    yield* listLeftovers(client, containers, { ...options, ...more });
  }

  async copyImage(
    from: SwiftLocation,
    imageId: string,
    { signal, context }: OperationOptions,
  ): Promise<SwiftLocation | undefined> {
    const { concurrency } = this.#options;
    const location = await this.locate(imageId, { signal, context });
    const [source, client] = await Promise.all([
      this.#accounts.client(from, { signal, context }),
      this.#accounts.client(location, { signal, context }),
    ]);
    const [{ copySegments }, { readSegments }, { refuseDuplicate }] = await Promise.all([
      import("./copier.ts"),
      import("./manifest.ts"),
      import("./upload.ts"),
    ]);
    const isHere = await source.accountUrl(signal) === await client.accountUrl(signal);
    const image = isHere ? await readSegments(source, from, signal) : undefined;
    if (image === undefined) return undefined;
    const now = await refuseDuplicate(client, location, signal);
    const { options, discard } = await this.#prepare(client, location, now);
    try {
      await copySegments(client, image, options, { concurrency, signal });
      return location;
    } catch (error) {
      await discard(client).catch(() => {});
      throw error;
    }
  }

  /** Locks the image: Swift lets both of two deletes at once succeed. */
  async whileLocked<T>(
    location: SwiftLocation,
    { signal, context }: OperationOptions,
    work: () => Promise<T>,
  ): Promise<T> {
    const client = await this.#accounts.client(location, { signal, context });
    const { withLock } = await import("./lock.ts");
    const { container } = location;
    const put = (object: string, headers: Record<string, string>) =>
      client.send({ method: "PUT", container, object, headers, body: [], signal });
    return await withLock(client, { location, id: crypto.randomUUID(), put, signal }, work);
  }

  async readAcls(
    location: SwiftLocation,
    { signal, context }: OperationOptions,
  ): Promise<Acls> {
    const client = await this.#accounts.client(location, { signal, context });
    const { headers } = await client.send({
      method: "HEAD",
      container: location.container,
      signal,
    });
    const { readAclHeaders } = await import("./acls.ts");
    return readAclHeaders(headers, this.#options.adminTenants);
  }

  async writeAcls(
    location: SwiftLocation,
    acls: Acls,
    { signal, context }: OperationOptions,
  ): Promise<void> {
    const { aclHeaders } = await import("./acls.ts");
    const headers = aclHeaders(acls, this.#options.adminTenants);
    const client = await this.#accounts.client(location, { signal, context });
    const { container } = location;
    await client.send({ method: "POST", container, headers, retry: "always", signal });
  }

  async presignImage(
    location: SwiftLocation,
    { method, expiresIn }: PresignRequest,
  ): Promise<URL> {
    const { tempUrlKey, tempUrlDigest } = this.#options;
    const client = await this.#accounts.client(location, {});
    const url = objectUrl(await client.accountUrl(), location.container, location.object);
    const expires = Math.floor((Date.now() + await client.serverClock() + expiresIn) / 1000);
    const { tempUrl } = await import("./temp_url.ts");
    return await tempUrl({ url, method, expires, key: tempUrlKey!, digest: tempUrlDigest });
  }

  /** Returns what an upload needs. `discard` removes the container again if it was created for it. */
  async #prepare(
    client: SwiftClient,
    location: SwiftLocation,
    now: number,
  ): Promise<{ options: UploadOptions; discard(client: SwiftClient): Promise<void> }> {
    const { createContainerOnPut, multiTenant, deleteAfter, largeObjectType } = this.#options;
    const { container } = location;
    let isNew = false;
    const create = async (client: SwiftClient) => {
      if (await createContainer(client, container, this.#options)) isNew = true;
    };
    if (multiTenant && createContainerOnPut) await create(client);
    return {
      options: {
        location,
        type: largeObjectType,
        deleteAt: deleteAfter === undefined ? undefined : now + deleteAfter,
        createContainer: create,
        support: this.#support,
        underway: this.#underway,
      },
      discard: async (client) => {
        if (isNew && multiTenant) await removeContainer(client, container);
      },
    };
  }
}
