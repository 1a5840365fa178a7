/**
 * Bytes as text: hex and base64. `Uint8Array` has methods for both, but not yet in Node 20.
 *
 * @module
 */
import type { Bytes } from "./bytes.ts";

/** How many bytes become arguments of one call; more could overflow the stack. */
const BATCH = 8192;

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
