/**
 * Stores: the base class of every driver, the types between the two, and the registry of drivers.
 *
 * @module
 */
export type {
  Acls,
  DriverStat,
  ImageDigest,
  ImageHandle,
  ImageReader,
  ImageWriter,
  ListEntry,
  OperationOptions,
  PresignRequest,
  StoreContext,
} from "./driver.ts";
export { ImageWritable } from "./image_writable.ts";
export { entriesBelow } from "./listing.ts";
export { type OptionDefinition, type OptionDefinitions, validateOptions } from "./options.ts";
export { type DriverLoader, driverNames, loadDriver, registerDriver } from "./registry.ts";
export {
  type AddOptions,
  type AddResult,
  type CopyResult,
  type GetOptions,
  type GetResult,
  type ImageRef,
  type ImageStat,
  type ListOptions,
  pastEnd,
  type PresignOptions,
  Store,
  type StoreClass,
} from "./store.ts";
