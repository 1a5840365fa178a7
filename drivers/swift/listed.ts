/**
 * Entries of listings, as Swift writes them: parsed, and checked against what was requested.
 *
 * @module
 */
import { parseCount, parseIsoDate } from "../../streams/encoding.ts";

/** The md5 of nothing. Listings have it for dynamic manifests, and radosgw's for any manifest. */
export const EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e";

/** One entry of a listing (https://docs.openstack.org/api-ref/object-store/). */
export interface Listed {
  /** Name of the object or container, or of a directory with its slash. */
  name: string;
  /** Whether it is a directory: what several names have in common up to the delimiter. */
  isDirectory: boolean;
  /** Whether it is a container or an object. Of an entry that does not say it, nobody knows. */
  kind: "container" | "object" | undefined;
  /** Size in bytes of what the object itself holds, 0 for a dynamic manifest. */
  bytes: number | undefined;
  /** The md5 of what the object itself holds, in hex. */
  hash: string | undefined;
  /** The ETag of a static large object, without quotes. Swift before 2.18 does not list it. */
  largeEtag: string | undefined;
  /** When it was last changed, rounded down to a second. */
  modified: Date | undefined;
  /** Its media type. */
  contentType: string | undefined;
}

/**
 * Parses an entry. A field that is missing or malformed is unknown.
 *
 * @param entry What the server sent.
 * @returns The entry, or `undefined` if it has no name.
 */
export function parseListed(entry: unknown): Listed | undefined {
  if (typeof entry !== "object" || entry === null) return undefined;
  const { name, subdir, count, bytes, hash, slo_etag, last_modified, content_type } =
    entry as Record<string, unknown>;
  const text = (value: unknown) => typeof value === "string" ? value : undefined;
  const listed = text(name) ?? text(subdir);
  if (listed === undefined || listed === "") return undefined;
  return {
    name: listed,
    isDirectory: text(name) === undefined,
    kind: kindOf(count, hash),
    bytes: parseCount(bytes),
    hash: text(hash),
    largeEtag: text(slo_etag)?.replaceAll('"', ""),
    modified: floorToSecond(parseIsoDate(last_modified)),
    contentType: text(content_type),
  };
}

/** Returns what an entry is: an object has a `hash`, a container the `count` of its objects. */
function kindOf(count: unknown, hash: unknown): Listed["kind"] {
  if ((count === undefined) === (hash === undefined)) return undefined;
  return hash === undefined ? "container" : "object";
}

/** What a listing was requested with. */
export interface ListedScope {
  /** What is listed. */
  kind: "container" | "object";
  /** What all names begin with. Default: anything. */
  prefix?: string | undefined;
  /** The character that ends a directory. Default: there are no directories. */
  delimiter?: string | undefined;
}

/**
 * Returns why an entry is not one of the listing that was requested. A cache or a proxy may send another
 * one, and what is listed with a prefix may be deleted.
 *
 * @param entry The entry.
 * @param scope What was requested.
 * @returns The reason, for an error, or `undefined` if the entry can be one.
 */
export function reasonAgainst(
  { name, kind, isDirectory }: Listed,
  { kind: wanted, prefix = "", delimiter }: ListedScope,
): string | undefined {
  const end = delimiter === undefined ? -1 : name.indexOf(delimiter, prefix.length);
  let expected: string;
  if (kind !== undefined && kind !== wanted) expected = `${wanted}s`;
  else if (!name.startsWith(prefix)) expected = `names that begin with ${JSON.stringify(prefix)}`;
  else if (isDirectory && delimiter === undefined) expected = "all names, without directories";
  else if (end >= 0 && end + 1 < name.length) expected = "names of one level";
  else return undefined;
  const what = isDirectory ? "directory" : kind ?? wanted;
  return `the listing has the ${what} ${JSON.stringify(name.slice(0, 100))}, expected ${expected}`;
}

/**
 * Rounds a date down to a second. Swift's listings have microseconds where its `Last-Modified` is rounded
 * up, and may lie in the future.
 *
 * @param date The date, if it is known.
 * @returns The date without a part of a second, or `undefined`.
 */
export function floorToSecond(date: Date | undefined): Date | undefined {
  return date && new Date(Math.floor(date.getTime() / 1000) * 1000);
}
