/**
 * Headers of objects: what Vitrine writes into them, and what stat reads out of them.
 *
 * @module
 */
import { BackendException } from "../../errors/mod.ts";
import { parseContentRange } from "../../transport/ranges.ts";
import { parseContentLength, parseLastModified } from "../../transport/headers.ts";
import type { DriverStat } from "../../store/types.ts";

/** Says which upload made an object. */
export const UPLOAD = "x-object-meta-upload-id";

/** Says how many bytes an image's segments have. */
export const SIZE = "x-object-meta-image-size";

const CHECKSUM = "x-object-meta-checksum";
const ALGO = "x-object-meta-os-hash-algo";
const VALUE = "x-object-meta-os-hash-value";

/** The headers that hold the digests of an image, under glance's names of its properties. */
export function digestHeaders(
  { checksum, multihash }: Pick<DriverStat, "checksum" | "multihash">,
): Record<string, string> {
  return {
    ...(checksum === undefined ? {} : { [CHECKSUM]: checksum }),
    ...(multihash === undefined ? {} : { [ALGO]: multihash.algo, [VALUE]: multihash.value }),
  };
}

/** What the headers of an object tell. */
export function statOf(headers: Headers): DriverStat {
  const isLarge = headers.has("x-static-large-object") || headers.has("x-object-manifest");
  const etag = headers.get("etag")?.replaceAll('"', "");
  // The entity tag of a plain object is its md5; that of a large one is something else.
  const checksum = headers.get(CHECKSUM) ?? (isLarge ? undefined : etag);
  const [algo, value] = [headers.get(ALGO), headers.get(VALUE)];
  const expires = headers.get("x-delete-at");
  return {
    size: parseContentLength(headers),
    modified: parseLastModified(headers),
    etag: etag && `"${etag}"`,
    checksum,
    multihash: algo && value ? { algo, value } : undefined,
    contentType: headers.get("content-type") ?? undefined,
    metadata: expires === null ? {} : { expires: new Date(Number(expires) * 1000) },
  };
}

/**
 * Holds an answer to the size that the image was uploaded with, where it says that: of a dynamic
 * manifest the server reads whatever segments it finds. Throws `BackendException`.
 */
export function checkSize(headers: Headers): void {
  const range = headers.get("content-range");
  const total = range === null ? parseContentLength(headers) : parseContentRange(range)?.total;
  const size = headers.get(SIZE);
  if (size === null || total === undefined || total === Number(size)) return;
  throw new BackendException(`the server finds ${total} bytes of the image's ${size}`);
}
