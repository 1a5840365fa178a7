/**
 * One upload: segments that nobody sees, and the object that makes them an image.
 *
 * @module
 */
import { BackendException, ChecksumMismatch, Duplicate, NotFound } from "../../errors/mod.ts";
import type { Bytes } from "../../streams/mod.ts";
import { parseContentLength } from "../../transport/headers.ts";
import { Backoff } from "../../transport/backoff.ts";
import { cleaningUp } from "../shared/cleanup.ts";
import type { DriverStat } from "../../store/types.ts";
import { exclusively } from "./claims.ts";
import type { SwiftClient } from "./client.ts";
import {
  MANIFEST_LIMIT,
  putManifest,
  removeUpload,
  type Segment,
  segmentName,
  segmentPrefix,
} from "./large_objects.ts";
import type { SwiftLocation } from "./location.ts";
import { digestHeaders, SIZE, UPLOAD } from "./metadata.ts";

/** How often a segment that arrives with another md5 is sent. */
const ATTEMPTS = 3;

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
  /** Makes the container if it is missing; throws `NotFound` if it may not be made. */
  createContainer(client: SwiftClient): Promise<void>;
  /** The ids of the store's uploads that are under way. */
  underway: Set<string>;
}

/** An upload. */
export class Upload {
  /** Where the image will be. */
  readonly location: SwiftLocation;
  readonly #options: UploadOptions;
  readonly #id: string = crypto.randomUUID();
  /** The segments that were begun. */
  readonly #segments: Segment[] = [];
  #begun = false;

  /** Begins; nothing is sent. */
  constructor(options: UploadOptions) {
    this.#options = options;
    this.location = options.location;
  }

  /**
   * Sends a segment, again where the md5 of what is stored is not the segment's. Numbers begin at 1.
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
          `segment ${number} has the md5 ${expected}, but ${stored} was stored`,
        );
      }
    }
  }

  /**
   * Makes the image visible: the segments by their manifest, or `body` if there are none. Throws
   * `Duplicate`.
   */
  async commit(
    client: SwiftClient,
    digests: Pick<DriverStat, "checksum" | "multihash">,
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
      ...digestHeaders(digests),
      [UPLOAD]: this.#id,
      ...(this.#segments.length > 0 ? { [SIZE]: `${this.#size}` } : {}),
    };
    await exclusively(client, { location, id: this.#id, put, signal }, async () => {
      await refuseDuplicate(client, location, signal);
      this.#begun = true;
      try {
        // From here on an abort comes too late: nobody could tell what the server did.
        await this.#show(client, headers, digests.checksum, body);
      } catch (error) {
        // An answer may be lost, and a request that is sent again meets itself.
        if (!await this.#isOurs(client).catch(() => false)) throw error;
      }
      const count = this.#segments.length;
      if (count > (this.#options.type === "slo" ? MANIFEST_LIMIT : 0)) {
        await this.#complete(client, headers);
      }
    });
    this.#options.underway.delete(this.#id);
  }

  /** Removes whatever was stored. Throws where it cannot be told what was. */
  async abort(client: SwiftClient): Promise<void> {
    const { container, object } = this.location;
    const segments = this.#segments.filter(Boolean);
    try {
      await cleaningUp(async (signal) => {
        if (this.#begun && await this.#isOurs(client, signal)) {
          await client.ask({ method: "DELETE", container, object, signal });
        }
        if (segments.length > 0) await removeUpload(client, container, this.#id, segments, signal);
      });
    } finally {
      this.#options.underway.delete(this.#id);
    }
  }

  async #show(
    client: SwiftClient,
    headers: Record<string, string>,
    checksum: string | undefined,
    body: readonly Bytes[],
  ): Promise<void> {
    const { type } = this.#options;
    const { container, object } = this.location;
    if (this.#segments.length === 0) {
      const put: Record<string, string> = { ...headers, "if-none-match": "*" };
      if (checksum !== undefined) put["etag"] = checksum;
      await this.#put(client, { method: "PUT", object, headers: put, body });
      return;
    }
    const prefix = segmentPrefix(this.#id);
    const segments = this.#segments;
    await putManifest(client, { container, object, prefix, segments, type, headers });
  }

  /** Waits until the server finds all segments of a dynamic manifest: its listings may lag behind. */
  async #complete(client: SwiftClient, headers: Record<string, string>): Promise<void> {
    const { container, object } = this.location;
    const size = this.#size;
    const backoff = new Backoff({ retries: LAG, retryTimeout: LAG, maxDelay: 1000 });
    for (;;) {
      const stored = (await client.ask({ method: "HEAD", container, object })).headers;
      const manifest = stored.get("x-object-manifest");
      if (manifest === null) return;
      // Of very many segments Swift does not tell it.
      const total = parseContentLength(stored) ?? size;
      if (total !== size) {
        if (await backoff.wait(undefined, undefined)) continue;
        throw new BackendException(`the server finds ${total} of ${size} bytes that it stored`);
      }
      if (stored.has(UPLOAD)) return;
      // radosgw takes no metadata with a dynamic manifest.
      const again = { ...headers, "x-object-manifest": manifest };
      await client.ask({ method: "POST", container, object, headers: again, retry: "always" });
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
    request: Parameters<SwiftClient["ask"]>[0],
  ): ReturnType<SwiftClient["ask"]> {
    const { container } = this.location;
    try {
      return await client.ask({ ...request, container });
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
      await this.#options.createContainer(client);
      return await client.ask({ ...request, container });
    }
  }

  async #isOurs(client: SwiftClient, signal?: AbortSignal): Promise<boolean> {
    const { container, object } = this.location;
    const request = { method: "HEAD", container, object, signal };
    const { headers } = await client.ask({ ...request, accept: [200, 204, 404] });
    return headers.get(UPLOAD) === this.#id ||
      Boolean(headers.get("x-object-manifest")?.includes(this.#id));
  }
}

/** Throws `Duplicate` if the image exists; resolves to the server's time in seconds. */
export async function refuseDuplicate(
  client: SwiftClient,
  { container, object }: SwiftLocation,
  signal?: AbortSignal,
): Promise<number> {
  const request = { method: "HEAD", container, object, signal };
  // Who may write and not read learns it from the PUT.
  const { status, headers } = await client.ask({ ...request, accept: [200, 204, 403, 404] });
  if (status < 300) throw new Duplicate("the image exists already");
  const now = Date.parse(headers.get("date") ?? "");
  return Math.floor((Number.isNaN(now) ? Date.now() : now) / 1000);
}

/** Both results, or the first error once both have settled: a body is lent to both. */
async function both<A, B>(a: Promise<A>, b: Promise<B> | B): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return [await a, await b];
}
