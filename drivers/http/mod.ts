/**
 * The http driver: images at `http://` and `https://` URLs, read only.
 *
 * @module
 */
export type { Fetch } from "../../transport/engine.ts";
export { HttpLocation } from "./location.ts";
export type { HttpOptions } from "./options.ts";
export { HttpStore } from "./store.ts";
