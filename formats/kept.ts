/**
 * An inspection as the short text that a store keeps beside an image.
 *
 * @module
 */
import type { Finding, ImageInspection, Severity } from "./inspection.ts";

/** The longest text. What is longer is not kept: headers of objects have little room. */
const MAX_LENGTH = 1_000;
const SEVERITIES: readonly Severity[] = ["unsafe", "suspicious", "note"];

/**
 * Formats an inspection as a text of ASCII that can be a header field.
 *
 * @param inspection What was found out about the image.
 * @returns The text, or `undefined` if it would be too long to keep.
 *
 * @example Keeping a verdict beside an image
 * ```ts
 * import { formatInspection, inspect, parseInspection } from "@vitrine/vitrine/formats";
 * import { assertEquals } from "@std/assert";
 *
 * const text = formatInspection(await inspect(new Blob(["GIF89a\x20\0\x10\0"])));
 * assertEquals(parseInspection(text)?.format, "gif");
 * ```
 */
export function formatInspection(inspection: ImageInspection): string | undefined {
  const text = JSON.stringify(inspection).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return text.length <= MAX_LENGTH ? text : undefined;
}

/**
 * Parses a text that a store has kept.
 *
 * @param text The text, or what is there in its place.
 * @returns The inspection, or `undefined` if the text is none: then nothing is known.
 *
 * @example A text of another program
 * ```ts
 * import { parseInspection } from "@vitrine/vitrine/formats";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseInspection("not an inspection"), undefined);
 * ```
 */
export function parseInspection(text: string | null | undefined): ImageInspection | undefined {
  try {
    return checkInspection(JSON.parse(text ?? ""));
  } catch {
    return undefined;
  }
}

/**
 * Checks what a store has kept as an object.
 *
 * @param value What is there.
 * @returns The inspection, or `undefined` if it is none.
 */
export function checkInspection(value: unknown): ImageInspection | undefined {
  try {
    return isInspection(value as ImageInspection) ? value as ImageInspection : undefined;
  } catch {
    return undefined;
  }
}

function isInspection(value: ImageInspection): boolean {
  const { format, findings, safe, virtualSize } = value;
  return typeof format === "string" && typeof safe === "boolean" && Array.isArray(findings) &&
    (virtualSize === undefined || Number.isSafeInteger(virtualSize)) && findings.every(isFinding) &&
    safe === findings.every(({ severity }) => severity !== "unsafe");
}

function isFinding(finding: Finding): boolean {
  return typeof finding.code === "string" && typeof finding.message === "string" &&
    SEVERITIES.includes(finding.severity);
}
