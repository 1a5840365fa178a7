/**
 * The Swift store: images in OpenStack Swift, or in radosgw's Swift API, as glance_store keeps them.
 *
 * @module
 */
import { BitMasks } from "../../capabilities/mod.ts";
import { BadStoreConfiguration, InvalidImageId, NotFound, StoreError } from "../../errors/mod.ts";
import { isWorkerd } from "../../runtime/mod.ts";
import type {
  Driver,
  DriverContext,
  ImageReader,
  ImageWriter,
  WriteOptions,
} from "../../store/driver.ts";
import type {
  Acls,
  DriverStat,
  Leftover,
  ListEntry,
  OperationOptions,
  PresignRequest,
  ScanOptions,
} from "../../store/types.ts";
import type { ByteRange } from "../../streams/mod.ts";
import { readRange } from "../../transport/read_range.ts";
import { Transport } from "../../transport/transport.ts";
import { Accounts, type LongClient } from "./accounts.ts";
import { objectUrl, type SwiftClient } from "./client.ts";
import { SwiftLocation } from "./location.ts";
import { checkSize, statOf } from "./metadata.ts";
import { isImageId } from "./names.ts";
import { MB, type SwiftSettings } from "./options.ts";
import { poolMap } from "../../streams/pool_map.ts";
import type { OpenObject } from "./read_parts.ts";
import { ReadingTransport } from "./reading.ts";
import type { UploadOptions } from "./upload.ts";

/** What a new container grants. */
const CLOSED: Acls = { public: false, readTenants: [], writeTenants: [] };

/** How many parts of an image are read at once unless configured. */
const CONCURRENCY = 4;

/** How many images are looked at, or deleted, before the next are listed. */
const BATCH = 64;

/** The driver of {@linkcode SwiftStore}. */
export class SwiftDriver implements Driver<SwiftLocation> {
  readonly #options: SwiftSettings;

  readonly #transport: Transport;
  readonly #reading: Transport;
  readonly #accounts: Accounts;
  /** Ids of the uploads that are under way. */
  readonly #underway = new Set<string>();

  /** Creates the driver of a store. */
  constructor({ options, capabilities }: DriverContext<SwiftSettings>) {
    this.#options = options;
    const { retries, retryGetCount = retries, timeout, fetch, tempUrlKey } = options;
    const { cacert: caFile, authInsecure: insecure, multiTenant, multipleContainersSeed } = options;
    if (multiTenant && multipleContainersSeed > 0) {
      throw new BadStoreConfiguration("multiTenant and multipleContainersSeed exclude each other");
    }
    const timeouts = timeout === undefined ? {} : { firstByte: timeout, idle: timeout };
    const transport = { caFile, insecure, fetch, timeouts };
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
    const container = this.#containerOf(imageId);
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
    if (!isImageId(object) || this.#containerOf(object) !== container) return undefined;
    return this.#accounts.isDefault(location) ? object : undefined;
  }

  owns(location: SwiftLocation): boolean {
    return this.#accounts.owns(location);
  }

  async openRead(
    location: SwiftLocation,
    range: ByteRange,
    { signal, context }: OperationOptions,
  ): Promise<ImageReader> {
    const client = await this.#accounts.client(location, { signal, context });
    const open: OpenObject = async ({ container, object }, range, etag) => {
      const request = await client.request({ container, object, signal });
      return await readRange(this.#reading, request, { ...range, etag });
    };
    // workerd passes on what comes over one connection without looking at it.
    const { readConcurrency: concurrency = isWorkerd() ? 1 : CONCURRENCY } = this.#options;
    if (concurrency === 1) return await open(location, range, undefined);
    const { readParts } = await import("./read_parts.ts");
    return await readParts(open, client, location, range, { concurrency, signal });
  }

  async statImage(
    location: SwiftLocation,
    { signal, context }: OperationOptions,
  ): Promise<DriverStat> {
    const client = await this.#accounts.client(location, { signal, context });
    const { container, object } = location;
    const { headers } = await client.ask({ method: "HEAD", container, object, signal });
    checkSize(headers);
    return statOf(headers);
  }

  async openWrite(
    imageId: string,
    { size, signal, context }: WriteOptions,
  ): Promise<ImageWriter<SwiftLocation>> {
    const [{ refuseDuplicate }, { SwiftWriter }] = await Promise.all([
      import("./upload.ts"),
      import("./writer.ts"),
    ]);
    const { largeObjectSize, largeObjectChunkSize, concurrency } = this.#options;
    const { deleteAfter, multiTenant } = this.#options;
    const location = await this.locate(imageId, { signal, context });
    const client = await this.#accounts.client(location, { signal, context });
    // Who aborts later may have something to clean up, which takes the login too.
    await client.accountUrl(signal);
    const segmentSize = largeObjectChunkSize * MB;
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
    const { headers } = await client.ask({ method: "HEAD", container, object, signal });
    const manifest = headers.get("x-object-manifest");
    const { deleteDynamic, deleteObject, deleteStatic } = await import("./large_objects.ts");
    if (headers.get("x-static-large-object")?.toLowerCase() === "true") {
      await deleteStatic(client, container, object, signal);
    } else if (manifest !== null) {
      await deleteDynamic(client, container, object, manifest, signal);
    } else {
      await deleteObject(client, container, object, signal);
    }
    if (this.#options.multiTenant && container === this.#containerOf(object)) {
      await removeContainer(client, container);
    }
  }

  async deleteImages(
    locations: AsyncIterable<SwiftLocation>,
    options: OperationOptions,
  ): Promise<void> {
    const remove = (batch: readonly SwiftLocation[]) =>
      poolMap(batch, this.#options.concurrency, (location) => {
        return this.deleteImage(location, options).catch((error) => {
          if (error instanceof NotFound) return;
          throw error instanceof StoreError ? error.at({ path: location.object }) : error;
        });
      });
    let batch: SwiftLocation[] = [];
    for await (const location of locations) {
      batch.push(location);
      if (batch.length < BATCH) continue;
      await remove(batch);
      batch = [];
    }
    await remove(batch);
  }

  async *listImages(
    directory: string,
    recursive: boolean,
    { signal, context }: ScanOptions,
  ): AsyncGenerator<ListEntry> {
    const client = await this.#accounts.client(undefined, { signal, context });
    if (this.#options.multiTenant) {
      // An image has a container of its own, which cannot be in a directory.
      if (directory === "") yield* this.#listTenant(client, signal);
      return;
    }
    const { listContainer } = await import("./listing.ts");
    const options = { directory, recursive, signal };
    const directories = new Set<string>();
    for await (const container of this.#containers(client, signal)) {
      for await (const entry of listContainer(client, container, options)) {
        const { path, kind } = entry;
        const isImage = kind === "image";
        if (isImage ? this.#containerOf(path) !== container : directories.has(path)) continue;
        if (kind === "directory") directories.add(path);
        yield entry;
      }
    }
  }

  async *leftovers(
    { signal, context }: ScanOptions,
  ): AsyncGenerator<Leftover> {
    const { leftovers } = await import("./leftovers.ts");
    const { concurrency } = this.#options;
    const client = await this.#accounts.client(undefined, { signal, context });
    const options = { underway: this.#underway, concurrency, signal };
    for await (const container of this.#containers(client, signal)) {
      yield* leftovers(client, container, options);
    }
  }

  /** The containers that images may be in. */
  async *#containers(
    client: SwiftClient,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<string> {
    const { multiTenant, multipleContainersSeed, container } = this.#options;
    if (!multiTenant && multipleContainersSeed === 0) {
      yield container;
      return;
    }
    const prefix = `${container}_`;
    for await (const { name } of client.list(undefined, { prefix, signal })) yield name!;
  }

  async *#listTenant(
    client: SwiftClient,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ListEntry> {
    const { container, concurrency } = this.#options;
    const prefix = `${container}_`;
    const look = (batch: readonly string[]) =>
      poolMap(batch, concurrency, async (object): Promise<ListEntry[]> => {
        const request = { method: "HEAD", container: prefix + object, object, signal };
        const { status, headers } = await client.ask({ ...request, accept: [200, 204, 404] });
        // The container of an upload under way has no image yet.
        if (status === 404) return [];
        const { size, modified, etag } = statOf(headers);
        return [{ path: object, kind: "image", size, modified, etag }];
      });
    let batch: string[] = [];
    for await (const name of this.#containers(client, signal)) {
      const object = name.slice(prefix.length);
      if (this.#containerOf(object) === name) batch.push(object);
      if (batch.length < BATCH) continue;
      yield* (await look(batch)).flat();
      batch = [];
    }
    yield* (await look(batch)).flat();
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
    const [{ copyPieces }, { piecesOf }] = await Promise.all([
      import("./copy.ts"),
      import("./pieces.ts"),
    ]);
    const isHere = await source.accountUrl(signal) === await client.accountUrl(signal);
    const pieces = isHere ? await piecesOf(source, from, signal) : undefined;
    if (pieces === undefined) return undefined;
    const { refuseDuplicate, Upload } = await import("./upload.ts");
    const now = await refuseDuplicate(client, location, signal);
    const { options, discard } = await this.#prepare(client, location, now);
    const upload = new Upload(options);
    try {
      await copyPieces(client, pieces, upload, { concurrency, signal });
      return location;
    } catch (error) {
      await upload.abort(client).catch(() => {});
      await discard(client).catch(() => {});
      throw error;
    }
  }

  async readAcls(
    location: SwiftLocation,
    { signal, context }: OperationOptions,
  ): Promise<Acls> {
    const client = await this.#accounts.client(location, { signal, context });
    const { headers } = await client.ask({
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
    await client.ask({ method: "POST", container, headers, retry: "always", signal });
  }

  async presignImage(
    location: SwiftLocation,
    { method, expiresIn }: PresignRequest,
  ): Promise<URL> {
    const { tempUrlKey, tempUrlDigest } = this.#options;
    const client = await this.#accounts.client(location, {});
    const url = objectUrl(await client.accountUrl(), location.container, location.object);
    const expires = Math.floor((Date.now() + expiresIn) / 1000);
    const { tempUrl } = await import("./temp_url.ts");
    return await tempUrl({ url, method, expires, key: tempUrlKey!, digest: tempUrlDigest });
  }

  /** The container of an image, or `undefined` if there can be none. */
  #containerOf(imageId: string): string | undefined {
    const { container, multiTenant, multipleContainersSeed: seed } = this.#options;
    if (!isImageId(imageId)) return undefined;
    if (!multiTenant && seed === 0) return container;
    const characters = Array.from(imageId.toLowerCase());
    // As in glance_store, dashes among the first characters do not count.
    const dashes = characters.slice(0, seed).filter((one) => one === "-").length;
    const suffix = multiTenant ? imageId : characters.slice(0, seed + dashes).join("");
    const name = `${container}_${suffix}`;
    const isName = !name.includes("/") && new TextEncoder().encode(name).length <= 256;
    return isName ? name : undefined;
  }

  /** What an upload needs; `discard` removes the container again if it was made for it. */
  async #prepare(
    client: SwiftClient,
    location: SwiftLocation,
    now: number,
  ): Promise<{ options: UploadOptions; discard(client: SwiftClient): Promise<void> }> {
    const { createContainerOnPut, multiTenant, adminTenants } = this.#options;
    const { deleteAfter, largeObjectType: type } = this.#options;
    const { container } = location;
    let isNew = false;
    const createContainer = async (client: SwiftClient) => {
      if (!createContainerOnPut) {
        throw new NotFound(`the container "${container}" does not exist`);
      }
      const { status } = await client.ask({ method: "PUT", container });
      isNew ||= status === 201;
      if (!multiTenant || (status === 201 && adminTenants.length === 0)) return;
      // An earlier image's container may be left, with the ACLs that it had.
      const { aclHeaders } = await import("./acls.ts");
      const headers = aclHeaders(CLOSED, adminTenants);
      await client.ask({ method: "POST", container, headers, retry: "always" });
    };
    if (multiTenant && createContainerOnPut) await createContainer(client);
    return {
      options: {
        location,
        type,
        deleteAt: deleteAfter === undefined ? undefined : now + deleteAfter,
        createContainer,
        underway: this.#underway,
      },
      discard: async (client) => {
        if (isNew && multiTenant) await removeContainer(client, container);
      },
    };
  }
}

/** Removes a container if it is empty and the caller's own. */
async function removeContainer(client: SwiftClient, container: string): Promise<void> {
  await client.ask({ method: "DELETE", container, accept: [204, 403, 404, 409] });
}
