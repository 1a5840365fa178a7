/**
 * Formats of images: recognises them, measures them, and judges whether they are safe, from the few
 * bytes that say so. It needs only Web standards and has no other part of the package in it but the
 * reading of data.
 *
 * @example Refuse an image that leads out of itself
 * ```ts
 * import { inspect } from "@vitrine/vitrine/formats";
 * import { assertEquals } from "@std/assert";
 *
 * const { format, safe, findings } = await inspect(
 *   new Blob(['# Disk DescriptorFile\nversion=1\nRW 4 FLAT "/etc/passwd" 0\n']),
 * );
 * assertEquals(format, "vmdk");
 * assertEquals(safe, false);
 * assertEquals(findings[0]?.cve, "CVE-2022-47951");
 * ```
 *
 * @module
 */
export { inspect, inspectRanges, type RangeSource } from "./inspect.ts";
export type { Finding, ImageInspection, Severity } from "./inspection.ts";
export { mediaTypeOf } from "./media_type.ts";
export { formatInspection, parseInspection } from "./kept.ts";
export { FormatInspector } from "./inspector.ts";
export { type AcceptPolicy, isFormatName, parsePolicy } from "./policy.ts";
export type { ImageData } from "../streams/source.ts";
