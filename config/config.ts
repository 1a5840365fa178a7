/**
 * The configuration of stores: what `vitrine.json` holds.
 *
 * @module
 */
import { BadStoreConfiguration } from "../errors/mod.ts";

/** One store: its settings, and the options of its driver beside them. */
export interface StoreConfig {
  /** Name of the driver. */
  driver?: string;
  /** What the store is for, in a sentence. */
  description?: string;
  /** How much it is preferred; the highest first. */
  weight?: number | string;
  /** Whether the program keeps it for itself. */
  reserved?: boolean | string;
  /** The options of the driver. */
  [option: string]: unknown;
}

/**
 * A configuration.
 *
 * @example A configuration in code
 * ```ts
 * import { type Config, openStores, Vfs } from "@vitrine/vitrine";
 * import { assertEquals } from "@std/assert";
 *
 * const config: Config = {
 *   default: "scratch",
 *   stores: { scratch: { driver: "memory", capacity: 1_000_000, weight: 10 } },
 *   mounts: { "/images/debian": "/scratch/debian" },
 * };
 * const vfs = new Vfs(await openStores(config), { mounts: config.mounts });
 * await vfs.writeTextFile("/images/debian/a.img", "hello");
 * assertEquals(await vfs.readTextFile("/scratch/debian/a.img"), "hello");
 * ```
 */
export interface Config {
  /** Name of the store that takes new images. */
  default?: string | undefined;
  /** The stores by name. */
  stores: Record<string, StoreConfig>;
  /** Directories of the path tree that show another: `{ "/images/debian": "/mirror/debian" }`. */
  mounts?: Record<string, string> | undefined;
}

/**
 * Checks the form of a configuration; the stores' own settings are judged when each is opened. Throws
 * `BadStoreConfiguration`, which names `source` and the key.
 */
export function checkConfig(value: unknown, source: string): Config {
  function refuse(key: string, wanted: string): never {
    throw new BadStoreConfiguration(`${source}: ${key} is not ${wanted}`);
  }
  if (!isRecord(value)) refuse("the configuration", "an object");
  for (const key of Object.keys(value)) {
    if (!["default", "stores", "mounts"].includes(key)) {
      refuse(`"${key}"`, 'one of "default", "stores" and "mounts"');
    }
  }
  const { default: name, stores = {}, mounts = {} } = value;
  if (name !== undefined && typeof name !== "string") refuse('"default"', "a string");
  if (!isRecord(stores)) refuse('"stores"', "an object");
  for (const [name, store] of Object.entries(stores)) {
    if (!isRecord(store)) refuse(`"stores.${name}"`, "an object");
  }
  if (!isRecord(mounts)) refuse('"mounts"', "an object");
  for (const [path, target] of Object.entries(mounts)) {
    if (typeof target !== "string") refuse(`"mounts.${path}"`, "a string");
  }
  return {
    default: name as string | undefined,
    stores: stores as Config["stores"],
    mounts: mounts as Config["mounts"],
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
