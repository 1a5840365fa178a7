/**
 * The Swift driver.
 *
 * @module
 */
export { SwiftLocation, type SwiftLocationParts, type SwiftScheme } from "./location.ts";
export type { SwiftOptions } from "./options.ts";
export { SwiftStore } from "./store.ts";
