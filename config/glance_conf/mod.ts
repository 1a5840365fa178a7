/**
 * The configuration of OpenStack's Glance, glance-api.conf, as one of Vitrine.
 *
 * @module
 */
export type { Config, StoreConfig } from "../config.ts";
export { loadGlanceConf, type LoadGlanceConfOptions } from "./load.ts";
export { type GlanceConfFile, parseGlanceConf, type ParseGlanceConfOptions } from "./parse.ts";
