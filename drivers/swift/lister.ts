/**
 * Listing images: the containers of a store, pages, directories. What is no image is reported.
 *
 * @module
 */
import { Invalid, NotFound, StoreError } from "../../errors/mod.ts";
import { checkImageId } from "../../location/mod.ts";
import { compareNames } from "../../store/listing.ts";
import type { ListEntry, ListScanOptions, ScanOptions } from "../../store/types.ts";
import { poolMap } from "../../streams/pool_map.ts";
import type { SwiftClient } from "./client.ts";
import { containerOf, listContainers, missingContainer } from "./containers.ts";
import { findMarker, isMarker } from "./directories.ts";
import { EMPTY_MD5, type Listed } from "./listed.ts";
import { manifestOf } from "./manifest.ts";
import { isImageId, markerAfterSegments, SEGMENTS } from "./object_names.ts";
import type { SwiftSettings } from "./options.ts";
import { statOf } from "./stat.ts";

/** How many images of a multi-tenant store are looked at before the next are listed. */
const BATCH = 64;

/** What is listed. */
export interface ListingRequest {
  /** The directory, without a trailing slash, or `""` for the root. */
  directory: string;
  /** Whether everything below is listed, images alone, instead of one level. */
  recursive: boolean;
}

/**
 * Lists the images of a store in one account.
 *
 * @param client The client of the account.
 * @param settings The options of the store.
 * @param request What is listed.
 * @param options What is called with each name that is passed over, and with each marker of a directory.
 * @returns The images and directories, each name once.
 * @throws {NotFound} If the container of the store is missing, and is not to be created by the store.
 */
export async function* listImages(
  client: SwiftClient,
  settings: SwiftSettings,
  request: ListingRequest,
  options: ListScanOptions,
): AsyncGenerator<ListEntry> {
  const { signal, onSkipped, limit } = options;
  const { multiTenant, multipleContainersSeed, createContainerOnPut } = settings;
  if (multiTenant) {
    // An image has a container of its own, which cannot be in a directory.
    if (request.directory === "") yield* listTenant(client, settings, options);
    return;
  }
  const isSingle = multipleContainersSeed === 0;
  const strict = isSingle && !createContainerOnPut;
  const directories = new Set<string>();
  for await (const container of listContainers(client, settings, signal)) {
    // Of many containers, the directory's name would be in one.
    const isHome = containerOf(request.directory, settings) === container;
    // The names of a container come in order.
    let listed = 0;
    try {
      for await (
        const entry of listContainer(client, container, { ...request, strict, isHome }, options)
      ) {
        const { path, kind } = entry;
        if (kind === "image" && containerOf(path, settings) !== container) {
          const reason = new Invalid(`the container "${container}" is not that of this image id`);
          onSkipped({ path, reason });
          continue;
        }
        const isKnown = kind === "directory" && directories.has(path);
        if (kind === "directory") directories.add(path);
        if (!isKnown) yield entry;
        if (++listed === limit) break;
      }
    } catch (error) {
      // One of many containers does not end the listing of the others.
      if (strict && error instanceof NotFound) throw missingContainer(container);
      if (isSingle || !(error instanceof StoreError)) throw error;
      signal?.throwIfAborted();
      onSkipped({ path: container, reason: error });
    }
  }
}

/** Lists the images of a tenant: each is the one object of its container. */
async function* listTenant(
  client: SwiftClient,
  settings: SwiftSettings,
  { signal, onSkipped }: ScanOptions,
): AsyncGenerator<ListEntry> {
  const prefix = `${settings.container}_`;
  const look = async (object: string): Promise<ListEntry[]> => {
    const request = { method: "HEAD", container: prefix + object, object, signal };
    try {
      const { status, headers } = await client.send({ ...request, accept: [200, 204, 404] });
      // The container of an upload under way has no image yet.
      if (status === 404) return [];
      const { size, modified, etag, contentType } = statOf(headers);
      return [{ path: object, kind: "image", size, modified, etag, contentType }];
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      signal?.throwIfAborted();
      onSkipped({ path: object, reason: error });
      return [];
    }
  };
  const flush = async (batch: readonly string[]) =>
    (await poolMap(batch, settings.concurrency, look)).flat();
  let batch: string[] = [];
  for await (const name of listContainers(client, settings, signal)) {
    const object = name.slice(prefix.length);
    if (containerOf(object, settings) !== name) {
      onSkipped({ path: name, reason: new Invalid("the name of the container has no image id") });
      continue;
    }
    batch.push(object);
    if (batch.length < BATCH) continue;
    yield* await flush(batch);
    batch = [];
  }
  yield* await flush(batch);
}

/**
 * Lists the images and directories of one container, without segments: Vitrine's are known by their
 * names, those that glance_store puts beside an image by what the image's manifest says.
 */
async function* listContainer(
  client: SwiftClient,
  container: string,
  { directory, recursive, strict, isHome }: ListingRequest & { strict: boolean; isHome: boolean },
  { signal, onSkipped, onDirectory, startAfter }: ListScanOptions,
): AsyncGenerator<ListEntry> {
  const prefix = directory === "" ? "" : `${directory}/`;
  const delimiter = recursive ? undefined : "/";
  const skip = recursive ? markerAfterSegments : undefined;
  const manifests = new ManifestFilter(client, container, startAfter, signal);
  const names = { prefix, delimiter, startAfter };
  let isEmpty = startAfter === undefined;
  for await (const entry of client.list(container, { ...names, signal, skip, strict })) {
    isEmpty = false;
    const { name, isDirectory } = entry;
    const isObject = !isDirectory && isMarker(name, entry.contentType, entry.bytes);
    const path = isDirectory || isObject ? name.replace(/\/$/, "") : name;
    if (`${path}/` === SEGMENTS) continue;
    if (!isImageId(path)) {
      onSkipped({ path: name, reason: reasonOf(path) });
    } else if (isObject && (recursive || name === prefix)) {
      onDirectory?.(path);
    } else if (isDirectory || isObject) {
      yield { path, kind: "directory" };
    } else if (!await manifests.hides(entry)) {
      yield imageOf(entry);
    }
  }
  // The marker without a slash is beside what is in the directory.
  if (isEmpty && onDirectory && isHome) {
    if (await findMarker(client, { container, object: directory }, signal)) onDirectory(directory);
  }
}

/** Returns why a name is no image id. */
function reasonOf(name: string): Error {
  try {
    checkImageId(name);
    return new Invalid("the name is that of a segment");
  } catch (error) {
    return error as Error;
  }
}

/** Returns what a listing says of an image. */
function imageOf({ name, bytes, hash, largeEtag, modified, contentType }: Listed): ListEntry {
  const etag = largeEtag ?? (hash === EMPTY_MD5 ? undefined : hash);
  return {
    path: name,
    kind: "image",
    // Of a manifest that the listing does not show as one, it has the manifest's own size.
    size: hash === EMPTY_MD5 ? undefined : bytes,
    modified,
    etag: etag && `"${etag}"`,
    contentType,
  };
}

/**
 * The dynamic manifests that a listing has passed, by which their segments are recognised. In the order
 * of names an image comes before its segments, which glance_store calls `<image>-00001` and so on.
 */
class ManifestFilter {
  readonly #client: SwiftClient;
  readonly #container: string;
  readonly #startAfter: string | undefined;
  readonly #signal: AbortSignal | undefined;
  /** Empty objects that the names at hand begin with. */
  #candidates: string[] = [];
  readonly #prefixes = new Map<string, string | undefined>();

  constructor(
    client: SwiftClient,
    container: string,
    startAfter: string | undefined,
    signal: AbortSignal | undefined,
  ) {
    this.#client = client;
    this.#container = container;
    this.#startAfter = startAfter;
    this.#signal = signal;
  }

  async hides({ name, bytes, hash }: Listed): Promise<boolean> {
    this.#candidates = this.#candidates.filter((one) => {
      if (name.startsWith(one)) return true;
      this.#prefixes.delete(one);
      return false;
    });
    const image = /^(.+)-\d{5,}$/.exec(name)?.[1];
    if (image !== undefined && (this.#candidates.includes(image) || this.#isBefore(image))) {
      if (!this.#prefixes.has(image)) this.#prefixes.set(image, await this.#segmentsOf(image));
      const prefix = this.#prefixes.get(image);
      if (prefix !== undefined && name.startsWith(prefix)) return true;
    }
    if (bytes === 0 && hash === EMPTY_MD5) this.#candidates.push(name);
    return false;
  }

  /** Whether the listing began after an image. */
  #isBefore(image: string): boolean {
    return this.#startAfter !== undefined && compareNames(image, this.#startAfter) <= 0;
  }

  async #segmentsOf(object: string): Promise<string | undefined> {
    const { headers } = await this.#client.send({
      method: "HEAD",
      container: this.#container,
      object,
      accept: [200, 204, 404],
      signal: this.#signal,
    });
    const manifest = manifestOf(headers);
    return manifest.type === "dynamic" && manifest.container === this.#container
      ? manifest.prefix || undefined
      : undefined;
  }
}
