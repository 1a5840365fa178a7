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
  addWithMultihash,
  getSizeFromUriAndBackend,
  setAclsForMultiStore,
  storeAddToBackend,
  storeAddToBackendWithMultihash,
} from "./multi_backend.ts";
export type { StoreEntry, StoreStatus } from "./store_entry.ts";
export { type BackendOptions, Stores, type StoresOptions } from "./stores.ts";
