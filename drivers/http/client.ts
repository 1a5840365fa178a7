/**
 * What an http store asks of web servers: loaded when the store is opened.
 *
 * @module
 */
import type { ByteRange, Multihash } from "../../streams/mod.ts";
import type { EgressGate } from "../../transport/gate.ts";
import { parseContentRange } from "../../transport/ranges.ts";
import { contentLength, modifiedOf, readRange } from "../../transport/read_range.ts";
import type { HttpResponse } from "../../transport/response.ts";
import { Transport } from "../../transport/transport.ts";
import type { DriverStat, ImageReader, ListEntry } from "../driver.ts";
import type { Sums } from "./digests.ts";
import { below, HttpLocation } from "./location.ts";
import type { HttpOptions } from "./options.ts";

/** The requests of one store. */
export class HttpClient {
  readonly #options: HttpOptions;
  readonly #base: URL | undefined;
  readonly #transport: Transport;
  #sums: Sums | undefined;

  /** Makes a client; throws `BadStoreConfiguration`. Nothing is asked for yet. */
  static async create(options: HttpOptions, base: URL | undefined): Promise<HttpClient> {
    return new HttpClient(options, base, await gateOf(options));
  }

  private constructor(options: HttpOptions, base: URL | undefined, gate: EgressGate | undefined) {
    this.#options = options;
    this.#base = base;
    this.#transport = new Transport({
      gate,
      timeouts: {
        connect: options.connectTimeout,
        firstByte: options.firstByteTimeout,
        idle: options.idleTimeout,
      },
      caFile: options.caCertificatesFile,
      insecure: options.insecure,
      proxies: options.proxyInformation,
      retries: options.retries,
      minDelay: options.retryDelay,
      fetch: options.fetch,
    });
  }

  /** Opens a range of an image. */
  openRead(
    location: HttpLocation,
    range: ByteRange,
    signal: AbortSignal | undefined,
  ): Promise<ImageReader> {
    return readRange(this.#transport, this.#request(location, signal), range);
  }

  /** Tells what the server tells of an image; `imageId` where it lies below `baseUrl`. */
  async stat(
    location: HttpLocation,
    imageId: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<DriverStat> {
    const request = this.#request(location, signal);
    const head = await this.#transport.send({ ...request, method: "HEAD", accept: ANSWERED });
    await head.release();
    let { headers } = head;
    let size = sizeOf(head);
    if (size === undefined) {
      const ranged = { ...request.headers, range: "bytes=0-0" };
      const one = await this.#transport.send({ ...request, headers: ranged, accept: RANGED });
      await one.release();
      size = sizeOf(one);
      if (!head.ok) ({ headers } = one);
    }
    return {
      size,
      modified: modifiedOf(headers),
      etag: headers.get("etag") ?? undefined,
      contentType: headers.get("content-type") ?? undefined,
      multihash: await this.#multihash(imageId, headers, signal),
    };
  }

  async #multihash(
    imageId: string | undefined,
    headers: Headers,
    signal: AbortSignal | undefined,
  ): Promise<Multihash | undefined> {
    const digest = headers.get("repr-digest");
    if (imageId === undefined && digest === null) return undefined;
    const { Sums, reprDigest } = await import("./digests.ts");
    if (digest !== null) return reprDigest(digest);
    this.#sums ??= new Sums();
    return await this.#sums.find(imageId!, (path) => this.#ask(path, signal));
  }

  /** Lists a directory below `baseUrl`. */
  async *list(
    directory: string,
    recursive: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ListEntry> {
    const { listSite } = await import("./listing.ts");
    yield* listSite((path) => this.#ask(path, signal), directory, recursive);
  }

  /** Ends the connections that are kept. */
  async close(): Promise<void> {
    await this.#transport.close();
  }

  #request(location: HttpLocation, signal: AbortSignal | undefined) {
    const { user, password = "" } = this.#options;
    const own = this.#base && user !== undefined ? `${user}:${password}` : undefined;
    const { userinfo } = location;
    const credentials = userinfo === undefined ? own : decodeURIComponent(userinfo);
    return {
      url: location.url,
      headers: {
        "accept-encoding": "identity",
        ...(credentials === undefined ? {} : { authorization: basic(credentials) }),
      },
      // What lies below `baseUrl` is the operator's own word; any other URL is a user's.
      trusted: this.#base !== undefined,
      signal,
    };
  }

  /** Asks for a path below `baseUrl`. */
  #ask(path: string, signal: AbortSignal | undefined): Promise<HttpResponse> {
    const request = this.#request(new HttpLocation(below(this.#base!, path)), signal);
    return this.#transport.send({ ...request, accept: [200, 403, 404, 410] });
  }
}

/**
 * The gate of the options. Without rules there is none yet: the transport loads one of the same kind
 * when it has a URL to judge, which below `baseUrl` is a redirect to elsewhere.
 */
async function gateOf(options: HttpOptions): Promise<EgressGate | undefined> {
  const rules = {
    schemes: options.allowedSchemes,
    hosts: options.allowedHosts,
    ports: options.allowedPorts,
    allowPrivate: options.allowedNetworks,
  };
  if (Object.values(rules).every((rule) => rule === undefined)) return undefined;
  const { EgressGate } = await import("../../transport/gate.ts");
  return new EgressGate(rules);
}

/** Answers to HEAD: the one that tells, and those of servers that know GET alone. */
const ANSWERED = [200, 400, 403, 405, 501];
/** Answers to the GET of one byte. */
const RANGED = [200, 206, 416];

/** Size of the whole image in bytes, where the answer tells it. */
function sizeOf({ status, headers }: HttpResponse): number | undefined {
  if (headers.has("content-encoding")) return undefined;
  if (status === 200) return contentLength(headers);
  return parseContentRange(headers.get("content-range"))?.total;
}

/** The header `Authorization` of `user:password` (RFC 7617). */
function basic(credentials: string): string {
  return `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(credentials)))}`;
}
