/**
 * What an http store asks of web servers: loaded when the store is opened.
 *
 * @module
 */
import { encodeBase64 } from "../../streams/encoding.ts";
import type { ByteRange } from "../../streams/mod.ts";
import type { EgressGate } from "../../transport/egress_gate.ts";
import { readRange } from "../../transport/read_range.ts";
import { Transport } from "../../transport/transport.ts";
import type { ImageReader } from "../../store/driver.ts";
import type { DriverStat, ListEntry } from "../../store/types.ts";
import { below, HttpLocation } from "./location.ts";
import type { HttpOptions } from "./options.ts";
import type { Site } from "./site.ts";

/** The requests of one store. */
export class HttpClient {
  readonly #options: HttpOptions;
  readonly #base: URL | undefined;
  readonly #transport: Transport;
  #site: Site | undefined;

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
      proxy: options.proxy,
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
    const site = await this.#loadSite();
    return await site.stat(this.#request(location, signal), imageId, this.#below(signal));
  }

  /** Lists a directory below `baseUrl`. */
  async *list(
    directory: string,
    recursive: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ListEntry> {
    yield* (await this.#loadSite()).list(directory, recursive, this.#below(signal));
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

  #below(signal: AbortSignal | undefined) {
    return (path: string) => this.#request(new HttpLocation(below(this.#base!, path)), signal);
  }

  async #loadSite(): Promise<Site> {
    const { Site } = await import("./site.ts");
    return this.#site ??= new Site(this.#transport);
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
  const { EgressGate } = await import("../../transport/egress_gate.ts");
  return new EgressGate(rules);
}

/** The header `Authorization` of `user:password` (RFC 7617). */
function basic(credentials: string): string {
  return `Basic ${encodeBase64(new TextEncoder().encode(credentials))}`;
}
