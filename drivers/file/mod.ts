/**
 * The file driver: images as files of one or several directories, where glance_store's filesystem
 * driver has them.
 *
 * What else is in the folder: `driver` (the driver itself), `options`, `errors`; `datadirs`,
 * `directories` and `file_names` (where images are); `reader`, `open_file`, `open_images`,
 * `descriptor_path`, `page_cache_read`, `unchanged_check`, `sparse_read`, `holes` and `libc` (reading);
 * `staged_file`, `linking`, `workspace` and `temporary_files` (writing); `digests` and `mount_metadata`
 * (what is kept of an image); `lister`, `directory_scanner`, `directory_names`, `scan_thread`, `copier`,
 * `leftovers`, `deleter`; `io` (time limits and aborts), and `until_reachable`, `closing`, `file_on_thread`,
 * `file_thread` and `worker_thread` (mounts that may hang).
 *
 * @module
 */
export { FileLocation } from "./location.ts";
export type { FileOptions } from "./options.ts";
export { FileStore } from "./store.ts";
