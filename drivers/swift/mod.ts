/**
 * The Swift driver. Its files, beside those that every driver has:
 *
 * - logging in: `credentials` (who logs in), `config_file` (glance_store's file of accounts), `auth_v1`
 *   and `keystone` (how), `catalog` (which endpoint), `session` (tokens), `callers` (tenants),
 *   `accounts` (which account a request goes to)
 * - `containers` and `object_names`: where images and their segments are; `acls`: who may read them
 * - `directories`: markers of directories
 * - `manifest` and `put_manifest`: large objects, read and written; `upload` and `lock`: one upload; `resumable`:
 *   segments for the next upload
 * - `listed`, `stat`, `etag`: what listings and headers say; `delete_objects`; `temp_url`;
 *   `usage`
 *
 * @module
 */
export { SwiftLocation, type SwiftLocationParts, type SwiftScheme } from "./location.ts";
export type { SwiftOptions, SwiftSettings } from "./options.ts";
export { SwiftStore } from "./store.ts";
