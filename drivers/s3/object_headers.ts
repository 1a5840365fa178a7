/**
 * What the headers of an object say, and the headers that say it.
 *
 * @module
 */
import { formatInspection } from "../../formats/kept.ts";
import type { DriverStat, ImageFacts } from "../../store/types.ts";
import { parseHexDigest, parseMultihash } from "../../streams/encoding.ts";
import type { ExpectedDigests } from "../../streams/mod.ts";
import { parseContentLength, parseEntityTag, parseLastModified } from "../../transport/headers.ts";
import { checkObject, FORMAT, parseFormat } from "./read_headers.ts";

/** What the header fields of user metadata begin with. */
export const META = "x-amz-meta-";

/** User metadata that holds digests, by Glance's names of them. */
const CHECKSUM = "x-amz-meta-checksum";
const ALGO = "x-amz-meta-os-hash-algo";
const VALUE = "x-amz-meta-os-hash-value";

/** User metadata with the id of the add that an object came to be by. */
export const ADD_ID = "x-amz-meta-vitrine-add";

/** User metadata with the size of the first part, in bytes. */
export const PART_SIZE = "x-amz-meta-vitrine-part-size";

/**
 * Formats the headers that keep digests with an object.
 *
 * @param digests The digests.
 * @returns The headers.
 */
export function formatDigests({ checksum, multihash }: ExpectedDigests): Record<string, string> {
  return {
    ...(checksum === undefined ? {} : { [CHECKSUM]: checksum }),
    ...(multihash === undefined ? {} : { [ALGO]: multihash.algo, [VALUE]: multihash.value }),
  };
}

/**
 * Formats the headers that keep with an object what is known of an image that was seen to its end.
 *
 * @param image The digests, and what the image is.
 * @returns The headers.
 */
export function formatFacts(image: ImageFacts): Record<string, string> {
  const text = image.inspection && formatInspection(image.inspection);
  return { ...formatDigests(image), ...text && { [FORMAT]: text } };
}

/**
 * Parses what is known of an object.
 *
 * @param headers The headers of the response to a `GET` or a `HEAD`.
 * @returns What is known; fields that are missing or malformed are `undefined`.
 * @throws {BackendException} If they are not the headers of an object.
 */
export function parseStat(headers: Headers): DriverStat {
  checkObject(headers);
  return {
    size: parseContentLength(headers),
    modified: parseLastModified(headers),
    etag: parseEntityTag(headers),
    checksum: parseHexDigest(headers.get(CHECKSUM), 16) ?? parseMd5(headers),
    multihash: parseMultihash(headers.get(ALGO), headers.get(VALUE)),
    inspection: parseFormat(headers),
    contentType: headers.get("content-type") ?? undefined,
    cacheControl: headers.get("cache-control") ?? undefined,
    metadata: Object.fromEntries(
      [...headers].filter(([name]) => name.startsWith(META))
        .map(([name, value]) => [name.slice(META.length), value]),
    ),
  };
}

/** The names of the headers that {@linkcode formatFacts} returns. */
export const FACTS: readonly string[] = [CHECKSUM, ALGO, VALUE, FORMAT];

/**
 * Returns whether the headers of an object that an add made lack digests, so that its tags may have them.
 *
 * @param headers The headers of the response to a `HEAD`.
 * @returns Whether the object is of an add and has not both digests in its headers.
 */
export function isWithoutDigest(headers: Headers): boolean {
  return headers.has(ADD_ID) && !(headers.has(CHECKSUM) && headers.has(VALUE));
}

/**
 * Returns whether a `HEAD` leaves the size open: it has none, or 0 with an ETag that is not the one of no
 * bytes.
 *
 * @param headers The headers of the response to a `HEAD`.
 * @returns Whether a `GET` knows better.
 */
export function isSizeDoubtful(headers: Headers): boolean {
  const size = parseContentLength(headers);
  const md5 = parseMd5(headers);
  return size === undefined ||
    (size === 0 && md5 !== undefined && md5 !== "d41d8cd98f00b204e9800998ecf8427e");
}

/**
 * Parses the md5 of an object's bytes. The ETag is it if the object was uploaded with one `PUT` and is not
 * encrypted with a key of the key management service or of the client
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html).
 *
 * @param headers The headers of the object.
 * @returns The md5 in lower-case hex, or `undefined`.
 */
export function parseMd5(headers: Headers): string | undefined {
  return /^"([0-9a-f]{32})"$/.exec(parseMd5Tag(headers))?.[1];
}

/**
 * Parses the ETag that is made of md5s.
 *
 * @param headers The headers of the object.
 * @returns The ETag with its quotes; empty if it is not made of md5s.
 */
export function parseMd5Tag(headers: Headers): string {
  const encrypted = /kms/.test(headers.get("x-amz-server-side-encryption") ?? "") ||
    headers.has("x-amz-server-side-encryption-customer-algorithm");
  return encrypted ? "" : parseEntityTag(headers) ?? "";
}
