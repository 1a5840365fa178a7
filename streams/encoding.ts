/**
 * Bytes, numbers and dates as text from outside has them: headers, XML, JSON. What does not parse is
 * unknown, and unknown is `undefined`, never zero.
 *
 * `Uint8Array` has methods for hex and base64, but not yet in Node 20.
 *
 * @module
 */
import type { Bytes } from "./bytes.ts";

/** How many bytes become arguments of one call; more could overflow the stack. */
const BATCH = 8192;

/** HTTP dates: IMF-fixdate, and the two obsolete forms that must be accepted (RFC 9110, section 5.6.7). */
const HTTP_DATE =
  /^[A-Z][a-z]{2,8},? ([\d ]\d[ -][A-Z][a-z]{2}[ -](\d\d){1,2}|[A-Z][a-z]{2} [\d ]\d) [\d:]{8} (GMT|\d{4})$/;

/** Dates of ISO 8601 with a time: `2026-03-01T12:00:00.123Z`, with or without fraction and zone. */
const ISO_DATE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})?$/;

/**
 * Returns bytes as hex.
 *
 * @param bytes The bytes.
 * @returns Two lower-case hex digits for each byte.
 */
export function encodeHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Parses hex.
 *
 * @param text Hex digits in either case.
 * @returns The bytes, or `undefined` if the text is not hex or has an odd number of digits.
 */
export function decodeHex(text: string): Bytes | undefined {
  if (!/^([0-9a-f]{2})*$/i.test(text)) return undefined;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/**
 * Returns bytes as base64 with padding (RFC 4648, section 4).
 *
 * @param bytes The bytes.
 * @returns The text.
 */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += BATCH) {
    text += String.fromCharCode(...bytes.subarray(at, at + BATCH));
  }
  return btoa(text);
}

/**
 * Parses base64 (RFC 4648, section 4). Padding may be left out.
 *
 * @param text The text.
 * @returns The bytes, or `undefined` if the text is not base64.
 */
export function decodeBase64(text: string): Bytes | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/**
 * Parses a digest in hex.
 *
 * @param value The text.
 * @param size How many bytes the digest has. Default: one or more.
 * @returns The digest in lower-case hex, or `undefined` if the text is not one.
 */
export function parseHexDigest(value: unknown, size?: number): string | undefined {
  if (typeof value !== "string" || !/^([0-9a-f]{2})+$/i.test(value)) return undefined;
  return size === undefined || value.length === 2 * size ? value.toLowerCase() : undefined;
}

/**
 * Parses a digest and its algorithm, as a backend holds them.
 *
 * @param algo The name of the algorithm.
 * @param value The digest in hex.
 * @returns The digest, or `undefined` if it is none.
 */
export function parseMultihash(
  algo: unknown,
  value: unknown,
): { algo: string; value: string } | undefined {
  const hex = parseHexDigest(value);
  return hex === undefined || typeof algo !== "string" ? undefined : { algo, value: hex };
}

/**
 * Parses a number of bytes, items or seconds.
 *
 * @param value A number, or text of decimal digits.
 * @returns The number, or `undefined` if it is negative, has a fraction, is too large to be exact, or is
 * something else.
 */
export function parseCount(value: unknown): number | undefined {
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) && number as number >= 0 ? number as number : undefined;
}

/**
 * Parses a date of HTTP (RFC 9110, section 5.6.7).
 *
 * @param value The text.
 * @returns The date, or `undefined` if the text is not one.
 */
export function parseHttpDate(value: unknown): Date | undefined {
  if (typeof value !== "string" || !HTTP_DATE.test(value)) return undefined;
  // The third form has no zone and means GMT all the same.
  return validDate(value.replace(/\d{4}$/, "$& GMT"));
}

/**
 * Parses a date and time of ISO 8601. Without a zone it is in UTC, as in the listings of Swift.
 *
 * @param value The text.
 * @returns The date, or `undefined` if the text is not one.
 */
export function parseIsoDate(value: unknown): Date | undefined {
  const match = typeof value === "string" ? ISO_DATE.exec(value) : null;
  if (match === null) return undefined;
  return validDate(match[1] === undefined ? `${match[0]}Z` : match[0]);
}

function validDate(text: string): Date | undefined {
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : new Date(time);
}
