/**
 * What the headers of a response to a read say.
 *
 * @module
 */
// Small: all that a plain read needs of headers.
import { BackendException } from "../../errors/mod.ts";
import { parseInspection } from "../../formats/kept.ts";
import type { ImageInspection } from "../../formats/mod.ts";

/** User metadata that says what the image is. */
export const FORMAT = "x-amz-meta-vitrine-format";

/**
 * Parses what an image is, where it is kept with the object.
 *
 * @param headers The headers of the response to a `GET` or a `HEAD`.
 * @returns What it is, or `undefined` if it is not kept.
 */
export function parseFormat(headers: Headers): ImageInspection | undefined {
  return parseInspection(headers.get(FORMAT));
}

/**
 * Checks that a response is of an object. Any web page has the status 200; an object of S3 has an ETag and
 * a date, of which a browser may see the latter alone.
 *
 * @param headers The headers of the response to a `GET` or a `HEAD`.
 * @throws {BackendException} If they are not those of an object.
 */
export function checkObject(headers: Headers): void {
  if (headers.has("etag") || headers.has("last-modified")) return;
  const type = headers.get("content-type") ?? "no type";
  throw new BackendException(
    `the server sent ${type.slice(0, 40)} without ETag and Last-Modified, expected an object`,
  );
}
