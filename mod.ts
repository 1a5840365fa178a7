/**
 * Vitrine puts every image store behind one {@linkcode Store} contract and one path tree.
 *
 * @module
 */
export * from "./capabilities/mod.ts";
export * from "./config/mod.ts";
export * from "./errors/mod.ts";
export * from "./location/mod.ts";
export type { AcceptPolicy, Finding, ImageInspection, Severity } from "./formats/mod.ts";
export * from "./store/mod.ts";
export * from "./streams/mod.ts";
export * from "./vfs/mod.ts";
