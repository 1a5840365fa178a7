/**
 * The store: the base class that users hold, and the interface of its drivers.
 *
 * @module
 */
export type { CopyOptions } from "./copy.ts";
export type {
  Driver,
  DriverClass,
  DriverContext,
  DriverHandle,
  ImageReader,
  ImageWriter,
  OpenReadOptions,
  WriteOptions,
} from "./driver.ts";
export { ImageWritable } from "./image_writable.ts";
export { entriesBelow } from "./listing.ts";
export { checkLocationMetadata } from "./add.ts";
export {
  type OptionDefinition,
  type OptionDefinitions,
  STORE_OPTIONS,
  type StoreOptions,
  validateOptions,
} from "./options.ts";
export { pastEnd } from "./reading.ts";
export { Store, type StoreClass } from "./store.ts";
export type {
  Acls,
  AddOptions,
  AddResult,
  Conditions,
  CopyResult,
  DeletedImage,
  DeleteManyOptions,
  DeleteResult,
  DriverStat,
  Extent,
  GcOptions,
  GetOptions,
  GetResult,
  ImageDigest,
  ImageFacts,
  ImageFormat,
  ImageHandle,
  ImageProperties,
  ImageRange,
  ImageRef,
  ImageStat,
  InspectOptions,
  Leftover,
  ListEntry,
  ListOptions,
  ListScanOptions,
  MoveResult,
  OperationOptions,
  PresignOptions,
  PresignRequest,
  RecordOptions,
  ScanOptions,
  SkippedEntry,
  StatOptions,
  StoreContext,
  StoreUsage,
} from "./types.ts";
