/**
 * Headers of objects: what Vitrine writes into them, and what stat reads out of them.
 *
 * @module
 */
import { BackendException } from "../../errors/mod.ts";
import { formatInspection, parseInspection } from "../../formats/kept.ts";
import type { ImageInspection } from "../../formats/mod.ts";
import type { DriverStat } from "../../store/types.ts";
import { parseCount, parseHexDigest, parseMultihash } from "../../streams/encoding.ts";
import { parseContentLength, parseLastModified } from "../../transport/headers.ts";
import { parseContentRange } from "../../transport/ranges.ts";

/** The header that names the upload which made an object. */
export const UPLOAD = "x-object-meta-upload-id";

/** The header with the number of bytes that an image's segments have. */
export const SIZE = "x-object-meta-image-size";

/** What the header fields of user metadata begin with. */
export const META = "x-object-meta-";

const CHECKSUM = "x-object-meta-checksum";
const ALGO = "x-object-meta-os-hash-algo";
const VALUE = "x-object-meta-os-hash-value";
const FORMAT = "x-object-meta-vitrine-format";

/** The headers that a copy takes from the object that it is made of, beside all user metadata. */
const KEPT = [
  "content-type",
  "content-disposition",
  "content-encoding",
  "content-language",
  "cache-control",
  "expires",
  "x-robots-tag",
];

/** What headers keep of an image. */
export type KeptFacts = Pick<DriverStat, "checksum" | "multihash" | "inspection">;

/**
 * Returns the headers that hold the digests of an image, under the names that Glance's properties have, and
 * what the image is.
 *
 * @param facts What is known of the image.
 * @returns The headers.
 */
export function factHeaders(
  { checksum, multihash, inspection }: KeptFacts,
): Record<string, string> {
  const text = inspection && formatInspection(inspection);
  return {
    ...text && { [FORMAT]: text },
    ...(checksum === undefined ? {} : { [CHECKSUM]: checksum }),
    ...(multihash === undefined ? {} : { [ALGO]: multihash.algo, [VALUE]: multihash.value }),
  };
}

/**
 * Returns what others have stored with an object, for its copy: media type, disposition, user metadata.
 *
 * @param headers The headers of the object.
 * @returns The headers for the copy, without those that each upload sets itself.
 */
export function keptHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    [...headers].filter(([name]) =>
      KEPT.includes(name) ||
      (name.startsWith("x-object-meta-") && name !== UPLOAD && name !== SIZE)
    ),
  );
}

/**
 * Parses what an image is, where it is kept with the object.
 *
 * @param headers The headers of the object.
 * @returns What it is, or `undefined` if it is not kept.
 */
export function parseFormat(headers: Headers): ImageInspection | undefined {
  return parseInspection(headers.get(FORMAT));
}

/**
 * Reads what the headers of an object say.
 *
 * @param headers The headers of the object.
 * @returns What is known of the image.
 */
export function statOf(headers: Headers): DriverStat {
  const isLarge = headers.has("x-static-large-object") || headers.has("x-object-manifest");
  const etag = headers.get("etag")?.replaceAll('"', "");
  // The ETag of a plain object is its md5; that of a large one is something else.
  const md5 = isLarge ? undefined : parseHexDigest(etag, MD5_SIZE);
  const expires = new Date((parseCount(headers.get("x-delete-at")) ?? NaN) * 1000);
  return {
    size: parseContentLength(headers),
    modified: parseModified(headers),
    etag: etag && `"${etag}"`,
    checksum: parseHexDigest(headers.get(CHECKSUM), MD5_SIZE) ?? md5,
    multihash: parseMultihash(headers.get(ALGO), headers.get(VALUE)),
    inspection: parseFormat(headers),
    contentType: headers.get("content-type") ?? undefined,
    cacheControl: headers.get("cache-control") ?? undefined,
    metadata: { ...userMetadata(headers), ...!Number.isNaN(expires.getTime()) && { expires } },
  };
}

/** The size of an md5 in bytes. */
const MD5_SIZE = 16;

/** Returns the user metadata of an object, by name. */
function userMetadata(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    [...headers].filter(([name]) => name.startsWith(META))
      .map(([name, value]) => [name.slice(META.length), value]),
  );
}

/**
 * Returns when an object was last changed, rounded down to a second. Swift rounds `Last-Modified` up, so
 * that it can lie in the future; `X-Timestamp` is exact.
 *
 * @param headers The headers of the object.
 * @returns The date, or `undefined` if no header has it.
 */
export function parseModified(headers: Headers): Date | undefined {
  const seconds = /^(\d{1,11})(\.\d+)?$/.exec(headers.get("x-timestamp") ?? "")?.[1];
  return seconds === undefined ? parseLastModified(headers) : new Date(Number(seconds) * 1000);
}

/** Headers of objects. A page of another origin may see the last two alone. */
const OF_OBJECT = ["x-timestamp", "etag", "last-modified"];

/** Headers of containers, accounts and listings. */
const OF_CONTAINER = /^x-(trans-id|openstack-request-id|timestamp|(account|container)-.*)$/;

/**
 * Checks that a response is of an object, or of a container or account. Any web page has the status 200: a login
 * page, for example.
 *
 * @param headers The headers of a response that is a success.
 * @param isObject Whether an object was requested.
 * @throws {BackendException} If the response has none of the headers that Swift sends.
 */
export function checkOrigin(headers: Headers, isObject: boolean): void {
  const isOwn = isObject
    ? OF_OBJECT.some((name) => headers.has(name)) && !headers.has("x-container-object-count")
    : [...headers.keys()].some((name) => OF_CONTAINER.test(name));
  if (isOwn) return;
  const type = headers.get("content-type") ?? "no type";
  throw new BackendException(
    `the server sent ${type.slice(0, 40)} without the headers of Swift, expected ${
      isObject ? "an object" : "a container or account"
    }`,
  );
}

/**
 * Checks that a response is of the size that the image was uploaded with, where it has that: the server
 * joins whatever segments of a dynamic manifest it finds.
 *
 * @param headers The headers of the response.
 * @throws {BackendException} If the server finds another number of bytes.
 */
export function checkSize(headers: Headers): void {
  const range = headers.get("content-range");
  const total = range === null ? parseContentLength(headers) : parseContentRange(range)?.total;
  const size = parseCount(headers.get(SIZE));
  if (size === undefined || total === undefined || total === size) return;
  throw new BackendException(`the server finds ${total} bytes of the image's ${size}`);
}
