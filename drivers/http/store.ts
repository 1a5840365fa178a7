/**
 * The http store: images that a web server has, read only.
 *
 * @module
 */
import { BitMasks } from "../../capabilities/mod.ts";
import { BadStoreConfiguration, Invalid } from "../../errors/mod.ts";
import { checkImageId, maskUri, type StoreLocationClass } from "../../location/mod.ts";
import type { ByteRange, Multihash } from "../../streams/mod.ts";
import { EgressGate } from "../../transport/gate.ts";
import { parseContentRange } from "../../transport/ranges.ts";
import { contentLength, modifiedOf, readRange } from "../../transport/read_range.ts";
import type { HttpResponse } from "../../transport/response.ts";
import { Transport } from "../../transport/transport.ts";
import type { DriverStat, ImageReader, ListEntry, OperationOptions } from "../driver.ts";
import type { OptionDefinitions } from "../options.ts";
import { Store } from "../store.ts";
import { basic, HttpLocation } from "./location.ts";
import type { Sums } from "./digests.ts";
import { type HttpOptions, OPTIONS } from "./options.ts";

/**
 * A store of what web servers have. With `baseUrl` it is the tree of files below that URL, and lists
 * what the server's index lists (nginx, Apache, a `SHA256SUMS` file); without, it reads any URL that
 * its {@linkcode EgressGate} lets through.
 *
 * A read that breaks is resumed where it broke if the image is still the same (by its strong entity
 * tag, or its `Last-Modified`). From a server that ignores `Range` only reads from the first byte on
 * are possible; others throw `StoreRandomGetNotSupported`, rather than read and drop what comes before.
 *
 * @example A site as a directory
 * ```ts
 * import { HttpStore } from "@vitrine/vitrine/http";
 *
 * async function newest(): Promise<string> {
 *   await using store = new HttpStore("debian", { baseUrl: "https://cloud.debian.org/images/cloud/" });
 *   const names = [];
 *   for await (const { path } of store.list({ directory: "trixie" })) names.push(path);
 *   return names.sort().at(-1)!;
 * }
 * ```
 */
export class HttpStore extends Store<HttpLocation, HttpOptions> {
  /** The options, as data. */
  static override readonly OPTIONS: OptionDefinitions = OPTIONS;
  /** `http` and `https`. */
  static override readonly SCHEMES: readonly string[] = ["http", "https"];
  /** Reading from anywhere; listing, where there is a `baseUrl`. */
  static override readonly CAPABILITIES: number = BitMasks.READ_RANDOM | BitMasks.DRIVER_REUSABLE |
    BitMasks.LIST;
  /** {@linkcode HttpLocation}. */
  static override readonly LOCATION: StoreLocationClass<HttpLocation> = HttpLocation;

  readonly #base: URL | undefined;
  readonly #transport: Transport;
  #sums: Sums | undefined;

  /** Makes a store; throws `BadStoreConfiguration`. Nothing is asked for yet. */
  constructor(name: string, options: HttpOptions = {}) {
    super(name, { ...options });
    const { baseUrl, allowedSchemes, allowedHosts, allowedPorts, allowedNetworks } = this.options;
    this.#base = baseUrl === undefined ? undefined : directoryUrl(baseUrl, name);
    if (this.#base === undefined) this.unsetCapabilities(BitMasks.LIST);
    const { caCertificatesFile, insecure, proxyInformation, retries, fetch } = this.options;
    const { connectTimeout, firstByteTimeout, idleTimeout } = this.options;
    this.#transport = new Transport({
      gate: new EgressGate({
        schemes: allowedSchemes,
        hosts: allowedHosts,
        ports: allowedPorts,
        allowPrivate: allowedNetworks,
      }),
      timeouts: { connect: connectTimeout, firstByte: firstByteTimeout, idle: idleTimeout },
      caFile: caCertificatesFile,
      insecure,
      proxies: proxyInformation,
      retries,
      fetch,
    });
  }

  /** @internal */
  protected override locate(imageId: string): HttpLocation {
    return new HttpLocation(this.#below(imageId));
  }

  /** @internal */
  protected override imageIdAt({ url }: HttpLocation): string | undefined {
    const base = this.#base;
    if (base === undefined || url.search || !url.href.startsWith(base.href)) return undefined;
    try {
      const segments = url.pathname.slice(base.pathname.length).split("/");
      const imageId = checkImageId(segments.map(decodeURIComponent).join("/"));
      return imageId.split("/").length === segments.length ? imageId : undefined;
    } catch {
      return undefined;
    }
  }

  /** @internal */
  protected override owns(location: HttpLocation): boolean {
    return this.#base === undefined || this.imageIdAt(location) !== undefined;
  }

  /** @internal */
  protected override openRead(
    location: HttpLocation,
    range: ByteRange,
    { signal }: OperationOptions,
  ): Promise<ImageReader> {
    return readRange(this.#transport, this.#request(location, signal), range);
  }

  /** @internal */
  protected override async statImage(
    location: HttpLocation,
    { signal }: OperationOptions,
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
      multihash: await this.#multihash(location, headers, signal),
    };
  }

  async #multihash(
    location: HttpLocation,
    headers: Headers,
    signal: AbortSignal | undefined,
  ): Promise<Multihash | undefined> {
    const imageId = this.imageIdAt(location);
    const digest = headers.get("repr-digest");
    if (imageId === undefined && digest === null) return undefined;
    const { Sums, reprDigest } = await import("./digests.ts");
    if (digest !== null) return reprDigest(digest);
    this.#sums ??= new Sums();
    return await this.#sums.find(imageId!, (path) => this.#ask(path, signal));
  }

  /** @internal */
  protected override async *listImages(
    directory: string,
    recursive: boolean,
    { signal }: OperationOptions,
  ): AsyncGenerator<ListEntry> {
    const { listSite } = await import("./listing.ts");
    yield* listSite((path) => this.#ask(path, signal), directory, recursive);
  }

  /** @internal */
  protected override async release(): Promise<void> {
    this.#sums = undefined;
    await this.#transport.close();
  }

  #request(location: HttpLocation, signal: AbortSignal | undefined) {
    const { user, password = "" } = this.options;
    const authorization = location.authorization ??
      (this.#base && user !== undefined ? basic(`${user}:${password}`) : undefined);
    return {
      url: location.url,
      headers: {
        "accept-encoding": "identity",
        ...(authorization === undefined ? {} : { authorization }),
      },
      // What lies below `baseUrl` is the operator's own word; any other URL is a user's.
      trusted: this.#base !== undefined,
      signal,
    };
  }

  /** Asks for a path below `baseUrl`. */
  #ask(path: string, signal: AbortSignal | undefined): Promise<HttpResponse> {
    const request = this.#request(new HttpLocation(this.#below(path)), signal);
    return this.#transport.send({ ...request, accept: [200, 403, 404, 410] });
  }

  #below(path: string): URL {
    if (this.#base === undefined) {
      throw new Invalid("without baseUrl, an image is named by its URL");
    }
    return new URL(path.split("/").map(encodeURIComponent).join("/"), this.#base);
  }
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

function directoryUrl(text: string, store: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || /[?#]/.test(text) || url.username) {
    throw new BadStoreConfiguration(
      `option "baseUrl" is ${maskUri(text)}, allowed is an http or https URL without credentials` +
        " (there are user and password), query and fragment",
      { store },
    );
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}
