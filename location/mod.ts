/**
 * Locations: image ids, location URIs and the stores they belong to, with secrets masked in every
 * printed form.
 *
 * @module
 */
export { checkImageId } from "./image_id.ts";
export { Location } from "./location.ts";
export { hasSecret, Masked, maskOption, maskUri } from "./masked.ts";
export { type SchemeEntry, SchemeMap } from "./scheme_map.ts";
export { StoreLocation, type StoreLocationClass, type UriOptions } from "./store_location.ts";
export { splitUri, type UriParts } from "./uri.ts";
