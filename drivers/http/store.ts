/**
 * The http store: images that a web server has, read only.
 *
 * @module
 */
import { BitMasks } from "../../capabilities/mod.ts";
import type { StoreLocationClass } from "../../location/mod.ts";
import type { DriverClass } from "../../store/driver.ts";
import type { OptionDefinitions } from "../../store/options.ts";
import { Store } from "../../store/store.ts";
import { HttpDriver } from "./driver.ts";
import { HttpLocation } from "./location.ts";
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
  /** The driver. */
  static override readonly DRIVER: DriverClass = HttpDriver;
  /** The options, as data. */
  static override readonly OPTIONS: OptionDefinitions = OPTIONS;
  /** `http` and `https`. */
  static override readonly SCHEMES: readonly string[] = ["http", "https"];
  /** Reading from anywhere; listing, where there is a `baseUrl`. */
  static override readonly CAPABILITIES: number = BitMasks.READ_RANDOM | BitMasks.DRIVER_REUSABLE |
    BitMasks.LIST;
  /** {@linkcode HttpLocation}. */
  static override readonly LOCATION: StoreLocationClass<HttpLocation> = HttpLocation;

  /**
   * Creates a store. Nothing is opened yet.
   *
   * @param name Name of the store: one segment of a path.
   * @param options The options of the driver.
   * @throws {BadStoreConfiguration} If an option is unknown, missing or has a value that is not allowed.
   */
  constructor(name: string, options: HttpOptions = {}) {
    super(name, { ...options });
  }
}
