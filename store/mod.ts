/**
 * The store: the base class that users hold, and the interface of its drivers.
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
  Leftover,
  ListEntry,
  OperationOptions,
  PresignRequest,
  StoreContext,
  WriteOptions,
} from "./driver.ts";
export { ImageWritable } from "./image_writable.ts";
export { entriesBelow } from "./listing.ts";
export { type OptionDefinition, type OptionDefinitions, validateOptions } from "./options.ts";
export type {
  AddOptions,
  AddResult,
  CopyResult,
  GcOptions,
  GetOptions,
  GetResult,
  ImageRef,
  ImageStat,
  ListOptions,
  PresignOptions,
} from "./operations.ts";
export { checkLocationMetadata } from "./location_metadata.ts";
export { StoreHooks } from "./hooks.ts";
export { pastEnd } from "./reading.ts";
export { Store, type StoreClass } from "./store.ts";
