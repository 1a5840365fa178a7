/**
 * Configured stores: named, with a default, found by location URI.
 *
 * @module
 */
export type { Config, StoreConfig } from "./config.ts";
export type { Environment } from "./environment.ts";
export { loadConfig, type LoadConfigOptions } from "./load.ts";
export { type DriverLoader, driverNames, loadDriver, registerDriver } from "./registry.ts";
export { openStores, type OpenStoresOptions } from "./open.ts";
export {
  type BackendOptions,
  type StoreEntry,
  Stores,
  type StoresOptions,
  type StoreStatus,
} from "./stores.ts";
