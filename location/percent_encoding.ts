/**
 * Percent-encoding of paths (RFC 3986, section 2.1).
 *
 * @module
 */

/**
 * Decodes percent-encoded UTF-8, once.
 *
 * @param text The text.
 * @returns The decoded text, or `undefined` if a `%` is not followed by two hex digits, or the bytes are
 * not UTF-8.
 */
export function decodePercent(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * Percent-encodes each segment of a path, and leaves the slashes.
 *
 * @param path The path. It must not have lone surrogates, which UTF-8 cannot encode.
 * @returns The path for use in a URL.
 */
export function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/**
 * Decodes percent-encoded UTF-8 of somebody who may not have encoded it: glance_store encodes no names,
 * so that a percent sign may mean itself.
 *
 * @param text The text.
 * @returns The decoded text, or the text itself if it cannot be decoded.
 */
export function decodePercentIfEncoded(text: string): string {
  return decodePercent(text) ?? text;
}

/**
 * Percent-encodes everything but unreserved characters (RFC 3986, section 2.3), as Python's
 * `quote(text, "")` and the signatures of Amazon do.
 *
 * @param text The text.
 * @returns The encoded text.
 */
export function encodeReserved(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
