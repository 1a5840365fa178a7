/**
 * Conditional requests (RFC 9110, section 13).
 *
 * @module
 */
import type { FileInfo } from "../../vfs/file_info.ts";
import { parseHttpDate } from "./http_date.ts";

/** What distinguishes one state of an image from another (RFC 9110, section 8.8). */
export interface Validators {
  /** The entity tag, quotes included; `undefined` where there is none. */
  etag: string | undefined;
  /** The date of the last change; `undefined` where it is not known. */
  modified: Date | undefined;
}

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
  const reading = method === "GET" || method === "HEAD";
  const modified = current?.modified && Math.floor(+current.modified / 1000);

  const match = headers.get("if-match");
  const unmodifiedSince = headers.get("if-unmodified-since");
  if (match !== null) {
    if (!matches(match, current, strongEqual)) return 412;
  } else if (unmodifiedSince !== null && modified !== undefined) {
    const date = parseHttpDate(unmodifiedSince);
    if (date !== undefined && modified > date) return 412;
  }

  const noneMatch = headers.get("if-none-match");
  const modifiedSince = headers.get("if-modified-since");
  if (noneMatch !== null) {
    if (matches(noneMatch, current, weakEqual)) return reading ? 304 : 412;
  } else if (reading && modifiedSince !== null && modified !== undefined) {
    const date = parseHttpDate(modifiedSince);
    if (date !== undefined && modified <= date) return 304;
  }
  return undefined;
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

function matches(
  value: string,
  current: Validators | undefined,
  equal: (one: string, other: string) => boolean,
): boolean {
  if (current === undefined) return false;
  if (value.trim() === "*") return true;
  const { etag } = current;
  return etag !== undefined && entityTags(value).some((one) => equal(one, etag));
}

/** Returns the entity tags of a list. What is none is left out. */
function entityTags(value: string): string[] {
  // deno-lint-ignore no-control-regex -- everything but control characters and quotes
  return [...value.matchAll(/(?:^|,)[ \t]*((?:W\/)?"[^"\x00-\x20\x7f]*")[ \t]*(?=,|$)/g)]
    .map(([, tag]) => tag!);
}

/** Compares strongly (section 8.8.3.2). */
function strongEqual(one: string, other: string): boolean {
  return one === other && !one.startsWith("W/");
}

/** Compares weakly (section 8.8.3.2). */
function weakEqual(one: string, other: string): boolean {
  return one.replace(/^W\//, "") === other.replace(/^W\//, "");
}
