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
