/**
 * Conditional requests (RFC 9110, section 13).
 *
 * @module
 */
import { failedCondition, strongEqual, type Validators } from "../../store/conditions.ts";
import type { FileInfo } from "../../vfs/file_info.ts";
import { parseHttpDate } from "./http_date.ts";

/**
 * Returns the validators of an image.
 *
 * @param info What is known of the image.
 * @returns Entity tag and date. Where the store has no entity tag, the digest is used as one.
 */
export function validatorsOf({ etag, mtime, checksum, multihash }: FileInfo): Validators {
  const digest = multihash?.value ?? checksum;
  return { etag: etag ?? (digest && `"${digest}"`), modified: mtime ?? undefined };
}

const CONDITIONS = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];

/**
 * Returns whether a request has preconditions.
 *
 * @param headers The header fields of the request.
 * @returns Whether the response depends on the current state of the image.
 */
export function isConditional(headers: Headers): boolean {
  return CONDITIONS.some((name) => headers.has(name));
}

/**
 * Evaluates the preconditions of a request, in the order of section 13.2.2.
 *
 * @param method The method of the request.
 * @param headers The header fields of the request.
 * @param current The validators of the image; `undefined` where there is no image.
 * @returns The status of the response, or `undefined` if the method is to be performed.
 */
export function preconditionStatus(
  method: string,
  headers: Headers,
  current: Validators | undefined,
): 304 | 412 | undefined {
  const isReading = method === "GET" || method === "HEAD";
  const failed = failedCondition({
    ifMatch: headers.get("if-match") ?? undefined,
    ifUnmodifiedSince: dateOf(headers, "if-unmodified-since"),
    ifNoneMatch: headers.get("if-none-match") ?? undefined,
    ifModifiedSince: isReading ? dateOf(headers, "if-modified-since") : undefined,
  }, current);
  if (failed === undefined) return undefined;
  return isReading && (failed === "ifNoneMatch" || failed === "ifModifiedSince") ? 304 : 412;
}

function dateOf(headers: Headers, name: string): Date | undefined {
  const seconds = parseHttpDate(headers.get(name) ?? "");
  return seconds === undefined ? undefined : new Date(seconds * 1000);
}

/**
 * Returns whether the Range of a request is to be applied: there is no If-Range, or it holds (section
 * 13.1.5).
 *
 * A date holds only for an image without an entity tag, and only from a second after the last change
 * on. An image that is replaced twice within a second has one date, so that a client would join the
 * halves of two images.
 *
 * @param headers The header fields of the request.
 * @param current The validators of the image.
 * @returns Whether to send the range. Otherwise the whole image is sent.
 */
export function ifRangeHolds(headers: Headers, { etag, modified }: Validators): boolean {
  const value = headers.get("if-range");
  if (value === null) return true;
  if (value.slice(0, 3).includes('"')) return etag !== undefined && strongEqual(value, etag);
  return etag === undefined && modified !== undefined && Date.now() - +modified >= 1000 &&
    parseHttpDate(value) === Math.floor(+modified / 1000);
}
