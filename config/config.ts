/**
 * The configuration of stores: what `vitrine.json` holds.
 *
 * @module
 */
import { BadStoreConfiguration } from "../errors/mod.ts";

/** The configuration of one store: its settings, and the options of its driver beside them. */
export interface StoreConfig {
  /** The name of the driver. */
  driver?: string;
  /** What the store is for, in a sentence. Default: empty. */
  description?: string;
  /** How much it is preferred if an image is in several stores; the highest first. Default: 0. */
  weight?: number | string;
  /** Whether the program keeps it for its own work, so that it is never the default. Default: `false`. */
  reserved?: boolean | string;
  /** The options of the driver. */
  [option: string]: unknown;
}

/**
 * The configuration of a program: its stores, the default one, and mounts.
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
  /** The name of the store that takes new images. Default: the only store that is not reserved. */
  default?: string | undefined;
  /** The stores by name. */
  stores: Record<string, StoreConfig>;
  /** Directories of the path tree that show others: `{ "/images/debian": "/mirror/debian" }`. */
  mounts?: Record<string, string> | undefined;
}

/**
 * Checks the form of a configuration. The settings of a store are checked when it is created.
 *
 * @param value The configuration as it was read. A `$schema`, which editors use, is left out.
 * @param source What it was read from, for errors.
 * @returns The configuration.
 * @throws {BadStoreConfiguration} If something is malformed. The error names `source` and the key.
 */
export function checkConfig(value: unknown, source: string): Config {
  function refuse(key: string, wanted: string): never {
    throw new BadStoreConfiguration(`${source}: ${key} is not ${wanted}`);
  }
  if (!isRecord(value)) refuse("the configuration", "an object");
  for (const key of Object.keys(value)) {
    if (!["$schema", "default", "stores", "mounts"].includes(key)) {
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
