/**
 * Stores out of a configuration.
 *
 * @module
 */
import { type OptionDefinitions, validateOptions } from "../store/options.ts";
import { loadDriver } from "./registry.ts";
import type { Store } from "../store/store.ts";
import { BadStoreConfiguration, StoreError } from "../errors/mod.ts";
import { checkConfig, type Config, type StoreConfig } from "./config.ts";
import { type Environment, expandEnvironment, processEnvironment } from "./environment.ts";
import type { StoreEntry } from "./store_entry.ts";
import { Stores } from "./stores.ts";

/** Options of {@linkcode openStores}. */
export interface OpenStoresOptions {
  /** What `${env:NAME}` is taken from; the environment of the process by default. */
  env?: Environment | undefined;
}

const SETTINGS: OptionDefinitions = {
  driver: { type: "string", required: true, help: "Name of the driver." },
  description: { type: "string", default: "" },
  weight: { type: "integer", default: 0 },
  reserved: { type: "boolean", default: false },
};

/**
 * Makes the stores of a configuration. A store that cannot be made is in `failures` and takes no
 * other down. Each connects on first use.
 *
 * Throws `BadStoreConfiguration` if the configuration is none, or its default store is not there.
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
    store = new Driver(name, await expand(driverOptions, env));
  } catch (error) {
    store = error instanceof StoreError
      ? error.at({ store: name })
      : new BadStoreConfiguration((error as Error).message, { store: name, cause: error });
  }
  return { ...entry, store };
}

/** The environment is looked at only where a string asks for it. */
async function expand(
  options: Record<string, unknown>,
  env: Environment | undefined,
): Promise<Record<string, unknown>> {
  const expanded: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options)) {
    const asks = JSON.stringify(value)?.includes("${env:");
    expanded[key] = asks
      ? expandEnvironment(value, env ?? (await processEnvironment()).env, key)
      : value;
  }
  return expanded;
}
