/**
 * The http store: images that a web server has, read only.
 *
 * @module
 */
import { BitMasks } from "../../capabilities/mod.ts";
import { BadStoreConfiguration, Invalid } from "../../errors/mod.ts";
import { checkImageId, maskUri, type StoreLocationClass } from "../../location/mod.ts";
import type { ByteRange } from "../../streams/mod.ts";
import type { DriverStat, ImageReader, ListEntry, OperationOptions } from "../../store/driver.ts";
import type { OptionDefinitions } from "../../store/options.ts";
import { Store } from "../../store/store.ts";
import type { HttpClient } from "./client.ts";
import { below, HttpLocation } from "./location.ts";
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
  #client: HttpClient | undefined;

  /** Makes a store; throws `BadStoreConfiguration`. Nothing is asked for yet. */
  constructor(name: string, options: HttpOptions = {}) {
    super(name, { ...options });
    const { baseUrl } = this.options;
    this.#base = baseUrl === undefined ? undefined : directoryUrl(baseUrl, name);
    if (this.#base === undefined) this.unsetCapabilities(BitMasks.LIST);
  }

  /** @internal */
  protected override async configureGet(): Promise<void> {
    const { HttpClient } = await import("./client.ts");
    this.#client = await HttpClient.create(this.options, this.#base);
  }

  /** @internal */
  protected override async release(): Promise<void> {
    await this.#client?.close();
  }

  /** @internal */
  protected override locate(imageId: string): HttpLocation {
    if (this.#base === undefined) {
      throw new Invalid("without baseUrl, an image is named by its URL");
    }
    return new HttpLocation(below(this.#base, imageId));
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
    return this.#client!.openRead(location, range, signal);
  }

  /** @internal */
  protected override statImage(
    location: HttpLocation,
    { signal }: OperationOptions,
  ): Promise<DriverStat> {
    return this.#client!.stat(location, this.imageIdAt(location), signal);
  }

  /** @internal */
  protected override listImages(
    directory: string,
    recursive: boolean,
    { signal }: OperationOptions,
  ): AsyncIterable<ListEntry> {
    return this.#client!.list(directory, recursive, signal);
  }
}

function directoryUrl(text: string, store: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || /[?#]/.test(text) || url.username) {
    throw new BadStoreConfiguration(
      `option "baseUrl" is ${maskUri(text)}, allowed is an http URL without credentials and query`,
      { store },
    );
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}
