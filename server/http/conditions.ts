/**
 * Conditional requests (RFC 9110, section 13).
 *
 * @module
 */
import type { FileInfo } from "../../vfs/file_info.ts";
import { parseHttpDate } from "./http_date.ts";

/** What tells one state of an image from another. */
export interface Validators {
  /** The entity tag, quotes included. */
  etag: string | undefined;
  /** When the image was last changed. */
  modified: Date | undefined;
}

/** The validators of an image; where its store has no entity tag, its digest is one. */
export function validatorsOf({ etag, mtime, checksum, multihash }: FileInfo): Validators {
  const digest = multihash?.value ?? checksum;
  return { etag: etag ?? (digest && `"${digest}"`), modified: mtime ?? undefined };
}

const CONDITIONS = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];

/** Whether an answer depends on what the image is at the moment. */
export function isConditional(headers: Headers): boolean {
  return CONDITIONS.some((name) => headers.has(name));
}

/**
 * Judges the preconditions in the order of section 13.2.2. Returns the status to answer with, or
 * `undefined` if the method is to be performed. `current` is `undefined` where there is no image.
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
 * Whether a Range is to be applied: there is no If-Range, or it holds (section 13.1.5).
 *
 * A date holds only for an image without an entity tag, and a second or more after its last change.
 * What is replaced twice in a second has one date, so that two images would be glued together; who
 * was told an entity tag must not ask by date, and without one the date is all that there is.
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

/** The entity tags of a list; what is none is passed over. */
function entityTags(value: string): string[] {
  // deno-lint-ignore no-control-regex -- everything but control characters and quotes
  return [...value.matchAll(/(?:^|,)[ \t]*((?:W\/)?"[^"\x00-\x20\x7f]*")[ \t]*(?=,|$)/g)]
    .map(([, tag]) => tag!);
}

/** The strong comparison of section 8.8.3.2. */
function strongEqual(one: string, other: string): boolean {
  return one === other && !one.startsWith("W/");
}

/** The weak comparison of section 8.8.3.2. */
function weakEqual(one: string, other: string): boolean {
  return one.replace(/^W\//, "") === other.replace(/^W\//, "");
}
