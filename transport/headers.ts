/**
 * Header fields of responses, parsed. A field that is missing or malformed is `undefined`: unknown is
 * not zero.
 *
 * @module
 */
import { parseCount, parseHttpDate } from "../streams/encoding.ts";

/**
 * Parses the size of a body, in bytes (RFC 9110, section 8.6).
 *
 * @param headers The headers of a response.
 * @returns The `Content-Length`, or `undefined` if there is no valid one, or if there is a
 * `Transfer-Encoding`, which overrides it (RFC 9112, section 6.3).
 */
export function parseContentLength(headers: Headers): number | undefined {
  if (headers.has("transfer-encoding")) return undefined;
  return parseCount(headers.get("content-length"));
}

/**
 * Parses when an image was last changed (RFC 9110, section 8.8.2).
 *
 * @param headers The headers of a response.
 * @returns The `Last-Modified`, or `undefined` if there is no valid one.
 */
export function parseLastModified(headers: Headers): Date | undefined {
  return parseHttpDate(headers.get("last-modified"));
}

/**
 * Parses the entity tag (RFC 9110, section 8.8.3).
 *
 * @param headers The headers of a response.
 * @returns The `ETag` with its quotes, which Swift leaves out, or `undefined` if there is none.
 */
export function parseEntityTag(headers: Headers): string | undefined {
  const etag = headers.get("etag");
  if (!etag) return undefined;
  return /^(W\/)?"/.test(etag) ? etag : `"${etag}"`;
}

/**
 * Returns what distinguishes a representation from every other: a strong entity tag, or else a
 * `Last-Modified` that is a second or more before the `Date` of the response (RFC 9110, section
 * 8.8.2.2).
 *
 * @param headers The headers of a response.
 * @returns A value for `If-Range`, or `undefined` if the server sent none that is strong.
 */
export function parseValidator(headers: Headers): string | undefined {
  const etag = parseEntityTag(headers);
  if (etag?.startsWith('"')) return etag;
  const modified = parseLastModified(headers);
  const date = parseHttpDate(headers.get("date"));
  if (modified === undefined || date === undefined) return undefined;
  return date.getTime() - modified.getTime() >= 1000 ? headers.get("last-modified")! : undefined;
}

/**
 * Parses how long to wait before the next attempt (RFC 9110, section 10.2.3).
 *
 * @param headers The headers of a response.
 * @returns The wait of the `Retry-After` header in milliseconds from now, or `undefined` if there is no
 * valid one.
 */
export function parseRetryAfter(headers: Headers): number | undefined {
  const text = headers.get("retry-after");
  const seconds = parseCount(text);
  if (seconds !== undefined) return seconds * 1000;
  const date = parseHttpDate(text);
  return date === undefined ? undefined : Math.max(0, date.getTime() - Date.now());
}
