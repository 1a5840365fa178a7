/**
 * The file driver: images as files of one or several directories, where glance_store's filesystem
 * driver has them.
 *
 * What else is in the folder: `driver` (the driver itself), `options`, `errors`; `datadirs` and
 * `directories` (where images are); `reader`, `open_file`, `open_images` and `page_cache_read` (reading);
 * `staged_file`, `linking`, `workspace` and `temporary_files` (writing); `digests` and `mount_metadata`
 * (what is kept of an image); `lister`, `directory_names`, `copier`; `io` (time limits and aborts) and
 * `closing` (files of mounts that may hang); `leftovers`, `deleter`.
 *
 * @module
 */
export { FileLocation } from "./location.ts";
export type { FileOptions } from "./options.ts";
export { FileStore } from "./store.ts";
