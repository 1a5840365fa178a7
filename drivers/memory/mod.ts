/**
 * The memory driver.
 *
 * @module
 */
export { MemoryLocation } from "./location.ts";
export type { MemoryOptions } from "./options.ts";
export { MemoryStore } from "./store.ts";
