/**
 * The file driver: images as files of one or several directories, where glance_store's filesystem
 * driver has them.
 *
 * @module
 */
export { FileLocation } from "./location.ts";
export type { FileOptions } from "./options.ts";
export { FileStore } from "./store.ts";
