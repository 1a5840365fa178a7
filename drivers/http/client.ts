/**
 * The requests of an http store: loaded when the store is opened.
 *
 * @module
 */
import { encodeBase64 } from "../../streams/encoding.ts";
import type { ByteRange } from "../../streams/mod.ts";
import type { EgressGate } from "../../transport/egress_gate.ts";
import { readRange } from "../../transport/read_range.ts";
import type { HttpRequest } from "../../transport/request.ts";
import type { HttpResponse } from "../../transport/response.ts";
import { Transport } from "../../transport/transport.ts";
import type { ImageReader, OpenReadOptions } from "../../store/driver.ts";
import { below, HttpLocation } from "./location.ts";
import type { HttpOptions } from "./options.ts";

/** The client of one store. */
export class HttpClient {
  readonly #options: HttpOptions;
  readonly #base: URL | undefined;
  readonly #transport: Transport;

  /**
   * Creates a client. Nothing is requested yet.
   *
   * @param options The options of the store.
   * @param base The directory whose files are the images, if there is one.
   * @returns The client.
   * @throws {BadStoreConfiguration} If the rules of the egress gate are not valid.
   */
  static async create(options: HttpOptions, base: URL | undefined): Promise<HttpClient> {
    return new HttpClient(options, base, await createGate(options));
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
      requests: options.maxRequests,
      fetch: options.fetch,
    });
  }

  /** Whether the images are those below `baseUrl`. */
  get hasBase(): boolean {
    return this.#base !== undefined;
  }

  /**
   * Opens a range of an image.
   *
   * @param location Where the image is.
   * @param range The range in bytes.
   * @param options Preconditions, and what ends the read.
   * @param refuseDirectory Called with a response that can be the index of a directory.
   * @returns The reader.
   * @throws {NotFound} If there is no such image, or a directory in its place.
   */
  async openRead(
    location: HttpLocation,
    range: ByteRange,
    { signal, conditions }: OpenReadOptions,
    refuseDirectory: (response: HttpResponse) => Promise<void>,
  ): Promise<ImageReader> {
    const read = conditions
      ? (await import("../../transport/conditional_range.ts")).readRangeIf(conditions)
      : readRange;
    return await read(this.#transport, this.#request(location, signal), {
      ...range,
      onResponse: async (response) => {
        if (mayBeDirectory(response)) await refuseDirectory(response);
      },
    });
  }

  /**
   * Sends a request for an image.
   *
   * @param location Where the image is.
   * @param request The method, headers and statuses of the request.
   * @param signal Ends the request.
   * @returns The response.
   */
  send(
    location: HttpLocation,
    request: Partial<HttpRequest>,
    signal: AbortSignal | undefined,
  ): Promise<HttpResponse> {
    const own = this.#request(location, signal);
    const headers = { ...own.headers, ...Object.fromEntries(new Headers(request.headers)) };
    return this.#transport.send({ ...own, ...request, headers });
  }

  /**
   * Sends a request for a path below `baseUrl`.
   *
   * @param path The path, which ends with a slash if it is a directory.
   * @param request The method, headers and statuses of the request.
   * @param signal Ends the request.
   * @returns The response.
   */
  sendBelow(
    path: string,
    request: Partial<HttpRequest>,
    signal: AbortSignal | undefined,
  ): Promise<HttpResponse> {
    return this.send(new HttpLocation(below(this.#base!, path)), request, signal);
  }

  /** Closes the connections that are kept. */
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
        ...(credentials === undefined ? {} : { authorization: basic(credentials) }),
      },
      // URLs below `baseUrl` are the operator's own. Any other comes from a user.
      trusted: this.#base !== undefined,
      signal,
    };
  }
}

/** Whether a response can be the index of a directory: it comes from a path with a slash, or is a page. */
function mayBeDirectory({ url, headers }: HttpResponse): boolean {
  return url.pathname.endsWith("/") || /html|json/i.test(headers.get("content-type") ?? "");
}

/**
 * Creates the gate of the options. Without rules there is none yet: the transport loads one of the same
 * kind when it has a URL to judge, which below `baseUrl` is a redirect to another origin.
 */
async function createGate(options: HttpOptions): Promise<EgressGate | undefined> {
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
