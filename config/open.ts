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
import { directoriesOf, expandHome, nestedDirectory } from "./local_paths.ts";
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
 * @returns The set of all stores, those that failed included.
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
  const directories = new Map<string, string[]>();
  const entries = await Promise.all(
    Object.entries(stores).map(async ([name, store]) => {
      const expanded = expand(name, store, options.env);
      if (!(expanded instanceof Error)) directories.set(name, directoriesOf(expanded));
      return [name, await openStore(name, store, expanded)] as const;
    }),
  );
  for (const [name, entry] of entries) {
    const store = nestedDirectory(name, directories);
    if (store !== undefined && !(entry.store instanceof Error)) entry.store = store;
  }
  return new Stores(Object.fromEntries(entries), { default: name });
}

async function openStore(
  name: string,
  config: StoreConfig,
  expanded: StoreConfig | StoreError,
): Promise<StoreEntry> {
  const settings = Object.entries(config).filter(([key]) => Object.hasOwn(SETTINGS, key));
  let entry: Omit<StoreEntry, "store"> = {};
  let store: Store | Error;
  try {
    entry = validateOptions(SETTINGS, Object.fromEntries(settings), name) as typeof entry;
    if (expanded instanceof Error) throw expanded;
    const Driver = await loadDriver(entry.driver!);
    const options = Object.entries(expanded).filter(([key]) => !Object.hasOwn(SETTINGS, key));
    store = new Driver(name, Object.fromEntries(options));
  } catch (error) {
    store = error instanceof StoreError
      ? error.at({ store: name })
      : new BadStoreConfiguration((error as Error).message, { store: name, cause: error });
  }
  return { ...entry, store };
}

/** Replaces variables and `~` in the options of a store. Returns the error if that cannot be done. */
function expand(
  name: string,
  config: StoreConfig,
  env: Environment | undefined,
): StoreConfig | StoreError {
  try {
    return Object.fromEntries(
      Object.entries(config).map(([key, value]) => [
        key,
        Object.hasOwn(SETTINGS, key)
          ? value
          : expandHome(expandEnvironment(value, env, key), env, key),
      ]),
    );
  } catch (error) {
    return (error as StoreError).at({ store: name });
  }
}
