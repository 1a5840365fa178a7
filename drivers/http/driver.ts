/**
 * The http store: images that a web server has, read only.
 *
 * @module
 */
import { BitMasks } from "../../capabilities/mod.ts";
import { BadStoreConfiguration, Invalid } from "../../errors/mod.ts";
import { checkImageId, maskUri } from "../../location/mod.ts";
import type { Driver, DriverContext, ImageReader, OpenReadOptions } from "../../store/driver.ts";
import type { DriverStat, ListEntry, OperationOptions, ScanOptions } from "../../store/types.ts";
import type { ByteRange } from "../../streams/mod.ts";
import type { HttpClient } from "./client.ts";
import type { SiteStat } from "./stat.ts";
import { below, HttpLocation } from "./location.ts";
import type { HttpOptions } from "./options.ts";

/** The driver of {@linkcode HttpStore}. */
export class HttpDriver implements Driver<HttpLocation> {
  readonly #options: HttpOptions;

  readonly #base: URL | undefined;
  #client: HttpClient | undefined;
  #stat: SiteStat | undefined;

  /**
   * Creates the driver of a store. Nothing is opened.
   *
   * @param context The name of the store, its options and its capabilities.
   */
  constructor({ options, capabilities }: DriverContext<HttpOptions>) {
    this.#options = options;
    const { baseUrl } = options;
    this.#base = baseUrl === undefined ? undefined : directoryUrl(baseUrl);
    if (this.#base === undefined) capabilities.unsetCapabilities(BitMasks.LIST);
  }

  async configureGet(): Promise<void> {
    const { HttpClient } = await import("./client.ts");
    this.#client = await HttpClient.create(this.#options, this.#base);
  }

  async release(): Promise<void> {
    await this.#client?.close();
  }

  locate(imageId: string): HttpLocation {
    if (this.#base === undefined) {
      throw new Invalid("without baseUrl, an image is named by its URL");
    }
    return new HttpLocation(below(this.#base, imageId));
  }

  imageIdAt({ url }: HttpLocation): string | undefined {
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

  owns(location: HttpLocation): boolean {
    return this.#base === undefined || this.imageIdAt(location) !== undefined;
  }

  openRead(
    location: HttpLocation,
    range: ByteRange,
    options: OpenReadOptions,
  ): Promise<ImageReader> {
    const client = this.#client!;
    const { signal } = options;
    return client.openRead(location, range, options, async (response) => {
      const { refuseDirectory } = await import("./lister.ts");
      await refuseDirectory(client, response, location, signal);
    });
  }

  statImage(
    location: HttpLocation,
    { signal }: OperationOptions,
  ): Promise<DriverStat> {
    return this.#loadStat().then((site) => site.stat(location, this.imageIdAt(location), signal));
  }

  async *listImages(
    directory: string,
    recursive: boolean,
    options: ScanOptions,
  ): AsyncGenerator<ListEntry> {
    const { listDirectory } = await import("./lister.ts");
    yield* listDirectory(this.#client!, directory, recursive, options);
  }

  async #loadStat(): Promise<SiteStat> {
    const { SiteStat } = await import("./stat.ts");
    return this.#stat ??= new SiteStat(this.#client!);
  }
}

function directoryUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || /[?#]/.test(text) || url.username) {
    throw new BadStoreConfiguration(
      `option "baseUrl" is ${maskUri(text)}, allowed is an http URL without credentials and query`,
    );
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}
