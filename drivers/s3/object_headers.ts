/**
 * What the headers of an object tell, and those that tell it.
 *
 * @module
 */
import type { ExpectedDigests } from "../../streams/mod.ts";
import type { DriverStat } from "../../store/types.ts";

/** User metadata that holds digests, by Glance's names of them. */
const CHECKSUM = "x-amz-meta-checksum";
const ALGO = "x-amz-meta-os-hash-algo";
const VALUE = "x-amz-meta-os-hash-value";

/** User metadata that tells the size of the first part, in bytes. */
export const PART_SIZE = "x-amz-meta-vitrine-part-size";

/** The headers that keep digests with an object. */
export function digestHeaders({ checksum, multihash }: ExpectedDigests): Record<string, string> {
  return {
    ...(checksum === undefined ? {} : { [CHECKSUM]: checksum }),
    ...(multihash === undefined ? {} : { [ALGO]: multihash.algo, [VALUE]: multihash.value }),
  };
}

/** What is known of an object from the headers of a `GET` or a `HEAD`. */
export function parseStat(headers: Headers): DriverStat {
  const etag = headers.get("etag") ?? undefined;
  const [algo, value] = [headers.get(ALGO), headers.get(VALUE)];
  const modified = headers.get("last-modified");
  return {
    size: Number(headers.get("content-length")),
    modified: modified === null ? undefined : new Date(modified),
    etag,
    checksum: headers.get(CHECKSUM) ?? parseMd5(headers),
    multihash: algo !== null && value !== null ? { algo, value } : undefined,
    contentType: headers.get("content-type") ?? undefined,
    metadata: Object.fromEntries(
      [...headers].filter(([name]) => name.startsWith("x-amz-meta-"))
        .map(([name, value]) => [name.slice("x-amz-meta-".length), value]),
    ),
  };
}

/**
 * The md5 of an object's bytes, where the entity tag is it: uploaded with one `PUT` and not encrypted
 * by a key of the server's management or the client's
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html).
 */
export function parseMd5(headers: Headers): string | undefined {
  return /^"([0-9a-f]{32})"$/.exec(md5Tag(headers))?.[1];
}

/** The entity tag, where it is made of md5s; else empty. */
export function md5Tag(headers: Headers): string {
  const encrypted = /kms/.test(headers.get("x-amz-server-side-encryption") ?? "") ||
    headers.has("x-amz-server-side-encryption-customer-algorithm");
  return encrypted ? "" : headers.get("etag") ?? "";
}
