/**
 * The Swift driver.
 *
 * @module
 */
export { SwiftLocation, type SwiftLocationParts, type SwiftScheme } from "./location.ts";
export type { SwiftOptions, SwiftSettings } from "./options.ts";
export { SwiftStore } from "./store.ts";
