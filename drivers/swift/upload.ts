/**
 * One upload: segments that nobody sees, and the object that makes them an image.
 *
 * @module
 */
import { BackendException, ChecksumMismatch, Duplicate, NotFound } from "../../errors/mod.ts";
import { parseHttpDate } from "../../streams/encoding.ts";
import { delay } from "../../streams/abort.ts";
import type { Bytes } from "../../streams/mod.ts";
import { Backoff } from "../../transport/backoff.ts";
import { parseContentLength } from "../../transport/headers.ts";
import type { HttpResponse } from "../../transport/response.ts";
import { cleaningUp } from "../shared/cleanup.ts";
import type { SwiftClient, SwiftRequest } from "./client.ts";
import { deleteUpload } from "./delete_objects.ts";
import type { SwiftLocation } from "./location.ts";
import { withLock } from "./lock.ts";
import { segmentName, segmentPrefix } from "./object_names.ts";
import { putManifest, type Segment, type StaticSupport } from "./put_manifest.ts";
import { factHeaders, type KeptFacts, SIZE, UPLOAD } from "./stat.ts";

/** How often a segment that arrives with another md5 is sent. */
const ATTEMPTS = 3;

/** How often what needs a container is sent again after its container was created. */
const NEW_CONTAINER_RETRIES = 4;

/** How long listings may lag behind, in milliseconds. */
const LAG = 10_000;

/** Where and how an image is uploaded. */
export interface UploadOptions {
  /** Where the image will be. */
  location: SwiftLocation;
  /** How its manifest names the segments. */
  type: "slo" | "dlo";
  /** When the image expires, in seconds since 1970. */
  deleteAt: number | undefined;
  /** What is known of static manifests on the server. */
  support: StaticSupport;
  /** Headers of the image, which its own digests replace. */
  headers?: Readonly<Record<string, string>>;
  /**
   * Creates the container if it is missing.
   *
   * @param client The client of the account.
   * @throws {NotFound} If it may not be created.
   */
  createContainer(client: SwiftClient): Promise<void>;
  /** The ids of the store's uploads that are under way. */
  underway: Set<string>;
  /** The id of the upload, a UUID. Default: a random one. */
  id?: string | undefined;
}

/** An upload. */
export class Upload {
  /** Where the image will be. */
  readonly location: SwiftLocation;
  readonly #options: UploadOptions;
  readonly #id: string;
  /** The segments that were begun. */
  readonly #segments: Segment[] = [];
  #begun = false;

  /**
   * Creates an upload. Nothing is sent yet.
   *
   * @param options Where and how the image is uploaded.
   */
  constructor(options: UploadOptions) {
    this.#options = options;
    this.#id = options.id ?? crypto.randomUUID();
    this.location = options.location;
  }

  /**
   * Sends a segment, and again if the md5 of what is stored is not the segment's.
   *
   * @param client The client of the account.
   * @param segment The number of the segment from 1, its size in bytes and its md5 in hex.
   * @param request The body, and what else the request has.
   * @throws {ChecksumMismatch} If another md5 was stored three times.
   */
  async segment(
    client: SwiftClient,
    { number, size, etag }: { number: number; size: number; etag: Promise<string> | string },
    request: {
      headers?: Record<string, string>;
      body: readonly Bytes[];
      slow?: boolean;
      signal: AbortSignal | undefined;
    },
  ): Promise<void> {
    this.#options.underway.add(this.#id);
    const object = segmentName(segmentPrefix(this.#id), number);
    const segment = this.#segments[number - 1] = { object, size, etag: "" };
    const headers = { ...this.#headers(), ...request.headers };
    for (let attempt = 1;; attempt++) {
      const put = { ...request, method: "PUT", object, headers };
      const [response, expected] = await both(this.#put(client, put), etag);
      const stored = response.headers.get("etag")?.replaceAll('"', "");
      if (stored === expected) {
        segment.etag = expected;
        return;
      }
      if (attempt === ATTEMPTS) {
        throw new ChecksumMismatch(
          `segment ${number} has the md5 ${expected}, but ${stored ?? "none"} was stored`,
        );
      }
    }
  }

  /**
   * Makes the image visible: the segments by their manifest, or `body` if there are none.
   *
   * @param client The client of the account.
   * @param facts The size, the digests and the format of the image.
   * @param options The bytes of an image without segments, and an abort signal.
   * @throws {Duplicate} If the image exists.
   */
  async commit(
    client: SwiftClient,
    facts: KeptFacts,
    { body = [], signal }: {
      body?: readonly Bytes[] | undefined;
      signal?: AbortSignal | undefined;
    } = {},
  ): Promise<void> {
    const { location } = this;
    const put = (object: string, headers: Record<string, string>) =>
      this.#put(client, { method: "PUT", object, headers, body: [], signal });
    const headers = {
      ...this.#headers(),
      ...this.#options.headers,
      ...factHeaders(facts),
      [UPLOAD]: this.#id,
      ...(this.#segments.length > 0 ? { [SIZE]: `${this.#size}` } : {}),
    };
    await withLock(client, { location, id: this.#id, put, signal }, async () => {
      await refuseDuplicate(client, location, signal);
      this.#begun = true;
      let type: "slo" | "dlo" | undefined;
      try {
        // From here on an abort has no effect: nobody could know what the server did.
        type = await this.#publish(client, headers, facts.checksum, body);
      } catch (error) {
        // A response may be lost, and a request that is sent again meets its own result.
        if (!await this.#isOurs(client).catch(() => false)) throw error;
      }
      if (this.#segments.length > 0 && type !== "slo") await this.#complete(client, headers);
    });
    this.#options.underway.delete(this.#id);
  }

  /**
   * Removes everything that was stored.
   *
   * @param client The client of the account.
   * @param isResumable Whether the segments are left for the next add. Default: `false`.
   * @throws {StoreError} If it cannot be known what was stored.
   */
  async abort(client: SwiftClient, isResumable = false): Promise<void> {
    const { container, object } = this.location;
    const segments = isResumable ? [] : this.#segments.filter(Boolean);
    try {
      await cleaningUp(async (signal) => {
        if (this.#begun && await this.#isOurs(client, signal)) {
          await client.delete({ container, object, signal });
        }
        if (segments.length > 0) {
          const names = segments.map(({ object }) => object);
          await deleteUpload(client, container, this.#id, names, signal);
        }
      });
    } finally {
      this.#options.underway.delete(this.#id);
    }
  }

  async #publish(
    client: SwiftClient,
    headers: Record<string, string>,
    checksum: string | undefined,
    body: readonly Bytes[],
  ): Promise<"slo" | "dlo" | undefined> {
    const { type, support } = this.#options;
    const { container, object } = this.location;
    if (this.#segments.length === 0) {
      const put: Record<string, string> = { ...headers, "if-none-match": "*" };
      if (checksum !== undefined) put["etag"] = checksum;
      await this.#put(client, { method: "PUT", object, headers: put, body });
      return undefined;
    }
    const prefix = segmentPrefix(this.#id);
    const segments = this.#segments;
    const large = { container, object, prefix, segments, type, headers };
    return await putManifest(client, large, support);
  }

  /** Waits until the server finds all segments of a dynamic manifest: its listings may lag behind. */
  async #complete(client: SwiftClient, headers: Record<string, string>): Promise<void> {
    const { container, object } = this.location;
    const size = this.#size;
    const backoff = new Backoff({ retries: LAG, retryTimeout: LAG, maxDelay: 1000 });
    for (;;) {
      const stored = (await client.send({ method: "HEAD", container, object })).headers;
      const manifest = stored.get("x-object-manifest");
      // A static one, whose response was lost.
      if (manifest === null && stored.has("x-static-large-object")) return;
      // Of very many segments Swift does not compute it.
      const total = parseContentLength(stored) ?? size;
      if (total !== size) {
        if (await backoff.wait(undefined, undefined)) continue;
        throw new BackendException(`the server finds ${total} of ${size} bytes that it stored`);
      }
      if (stored.has(UPLOAD)) return;
      // radosgw takes no metadata with a dynamic manifest.
      const again = { ...headers, "x-object-manifest": manifest ?? "" };
      await client.send({ method: "POST", container, object, headers: again, retry: "always" });
      return;
    }
  }

  /** Size of all segments in bytes. */
  get #size(): number {
    return this.#segments.reduce((sum, { size }) => sum + size, 0);
  }

  #headers(): Record<string, string> {
    const { deleteAt } = this.#options;
    return {
      "content-type": "application/octet-stream",
      ...(deleteAt === undefined ? {} : { "x-delete-at": `${deleteAt}` }),
    };
  }

  /** Sends what needs the container, which is made if it is missing. */
  async #put(
    client: SwiftClient,
    request: SwiftRequest,
  ): Promise<HttpResponse> {
    const { container } = this.location;
    try {
      return await client.send({ ...request, container });
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
    }
    await this.#options.createContainer(client);
    const backoff = new Backoff({ retries: NEW_CONTAINER_RETRIES });
    for (;;) {
      try {
        return await client.send({ ...request, container });
      } catch (error) {
        // Proxy servers remember for a moment that there was none when another request came.
        const wait = error instanceof NotFound ? backoff.next(undefined) : undefined;
        if (wait === undefined) throw error;
        await delay(wait, request.signal);
      }
    }
  }

  async #isOurs(client: SwiftClient, signal?: AbortSignal): Promise<boolean> {
    const { container, object } = this.location;
    const query = { symlink: "get" };
    const request = { method: "HEAD", container, object, query, signal };
    const { headers } = await client.send({ ...request, accept: [200, 204, 404] });
    return headers.get(UPLOAD) === this.#id ||
      Boolean(headers.get("x-object-manifest")?.includes(this.#id));
  }
}

/**
 * Checks that there is no image of an id.
 *
 * @param client The client of the account.
 * @param location Where the image would be.
 * @param signal Ends the request.
 * @returns The server's time, in seconds since 1970.
 * @throws {Duplicate} If there is an image, or a symlink.
 */
export async function refuseDuplicate(
  client: SwiftClient,
  { container, object }: SwiftLocation,
  signal?: AbortSignal,
): Promise<number> {
  const query = { symlink: "get" };
  const request = { method: "HEAD", container, object, query, signal };
  // Somebody who may write and not read learns it from the PUT.
  const { status, headers } = await client.send({ ...request, accept: [200, 204, 403, 404] });
  if (status < 300) throw new Duplicate("the image exists already");
  return Math.floor((parseHttpDate(headers.get("date"))?.getTime() ?? Date.now()) / 1000);
}

/** Resolves to both results, or throws the first error once both have settled: they share a body. */
async function both<A, B>(a: Promise<A>, b: Promise<B> | B): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return [await a, await b];
}
