/**
 * Creates stores from a configuration.
 *
 * @module
 */
import { BadStoreConfiguration, StoreError } from "../errors/mod.ts";
import { validateOptions } from "../store/options.ts";
import type { Store } from "../store/store.ts";
import { checkConfig, type Config, type StoreConfig } from "./config.ts";
import { type Environment, expandEnvironment } from "./environment.ts";
import { loadDriver } from "./registry.ts";
import { SETTINGS } from "./settings.ts";
import type { StoreEntry } from "./store_entry.ts";
import { Stores } from "./stores.ts";

/** Options of {@linkcode openStores}. */
export interface OpenStoresOptions {
  /** The variables for `${env:NAME}`. Default: those of the process, read one by one by name. */
  env?: Environment | undefined;
}

/**
 * Creates the stores of a configuration. A store that cannot be created is in `failures` of the result,
 * and the others work. Each store connects on first use.
 *
 * @param config The configuration.
 * @param options The environment for `${env:NAME}`.
 * @returns The stores.
 * @throws {BadStoreConfiguration} If the configuration is malformed, or its default store is missing.
 *
 * @example One good store and one bad
 * ```ts
 * import { openStores } from "@vitrine/vitrine";
 * import { assertEquals } from "@std/assert";
 *
 * await using stores = await openStores({
 *   stores: { good: { driver: "memory" }, bad: { driver: "memory", capacity: "much" } },
 * });
 * assertEquals(stores.names, ["good", "bad"]);
 * assertEquals([...stores.failures.keys()], ["bad"]);
 * ```
 */
export async function openStores(
  config: Config,
  options: OpenStoresOptions = {},
): Promise<Stores> {
  const { default: name, stores } = checkConfig(config, "the configuration");
  const entries = await Promise.all(
    Object.entries(stores).map(async ([name, store]) =>
      [name, await openStore(name, store, options)] as const
    ),
  );
  return new Stores(Object.fromEntries(entries), { default: name });
}

async function openStore(
  name: string,
  config: StoreConfig,
  { env }: OpenStoresOptions,
): Promise<StoreEntry> {
  const settings: Record<string, unknown> = {};
  const driverOptions: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    (Object.hasOwn(SETTINGS, key) ? settings : driverOptions)[key] = value;
  }
  let entry: Omit<StoreEntry, "store"> = {};
  let store: Store | Error;
  try {
    entry = validateOptions(SETTINGS, settings, name) as typeof entry;
    const Driver = await loadDriver(entry.driver!);
    store = new Driver(name, expand(driverOptions, env));
  } catch (error) {
    store = error instanceof StoreError
      ? error.at({ store: name })
      : new BadStoreConfiguration((error as Error).message, { store: name, cause: error });
  }
  return { ...entry, store };
}

function expand(
  options: Record<string, unknown>,
  env: Environment | undefined,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [key, expandEnvironment(value, env, key)]),
  );
}
