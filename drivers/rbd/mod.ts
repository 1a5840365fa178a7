/**
 * The rbd driver: images in a Ceph pool, over librbd. It needs Deno, librados2 and librbd1, and
 * `--allow-ffi`.
 *
 * @module
 */
export { RbdLocation } from "./location.ts";
export type { RbdOptions } from "./options.ts";
export { RbdStore } from "./store.ts";
