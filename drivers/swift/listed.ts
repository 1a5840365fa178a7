/**
 * Entries of listings, as Swift writes them, parsed.
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
  const { name, subdir, bytes, hash, slo_etag, last_modified, content_type } = entry as Record<
    string,
    unknown
  >;
  const text = (value: unknown) => typeof value === "string" ? value : undefined;
  const listed = text(name) ?? text(subdir);
  if (listed === undefined || listed === "") return undefined;
  return {
    name: listed,
    isDirectory: text(name) === undefined,
    bytes: parseCount(bytes),
    hash: text(hash),
    largeEtag: text(slo_etag)?.replaceAll('"', ""),
    modified: floorToSecond(parseIsoDate(last_modified)),
    contentType: text(content_type),
  };
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
