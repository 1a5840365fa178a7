/**
 * The http driver: images at `http://` and `https://` URLs, read only.
 *
 * Its files, beside those that every driver has: `index_page` (the indexes of web servers), `stat` and
 * `checksum_files` (what they say of an image).
 *
 * @module
 */
export type { Fetch } from "../../transport/engine.ts";
export { HttpLocation } from "./location.ts";
export type { HttpOptions } from "./options.ts";
export { HttpStore } from "./store.ts";
