/**
 * The rbd driver: images in a Ceph pool, over librbd. It needs Deno, librados2 and librbd1, and
 * `--allow-ffi`.
 *
 * Its files, beside those that every driver has: `ffi` (the libraries), `handle` (what must not go while a call
 * uses it); `image` (open for writing), `snapshot` (open for reading) and `open_image` (what both have in common);
 * `new_image`, `image_meta` (digests and marks), `rename`, `usage`.
 *
 * @module
 */
export { RbdLocation } from "./location.ts";
export type { RbdOptions } from "./options.ts";
export { RbdStore } from "./store.ts";
