/**
 * ETags of objects and of large objects.
 *
 * @module
 */
// Small: one rule of the protocol, for the writer and the copier.
import type { Bytes } from "../../streams/mod.ts";

/**
 * Computes the md5 of bytes, which is the ETag of an object that holds them.
 *
 * @param chunks The bytes.
 * @returns The md5 in lower-case hex.
 */
export async function md5Of(chunks: readonly Bytes[]): Promise<string> {
  const { createDigests } = await import("../../streams/digest/mod.ts");
  const sizeHint = chunks.reduce((sum, { length }) => sum + length, 0);
  const digests = await createDigests(["md5"], { sizeHint });
  try {
    for (const chunk of chunks) await digests.update(chunk);
    return (await digests.digest())["md5"]!;
  } finally {
    digests.close();
  }
}

/**
 * Computes the ETag of a large object: the md5 of the ETags of its segments, as text
 * (https://docs.openstack.org/swift/latest/overview_large_objects.html).
 *
 * @param etags The ETags of the segments, without quotes.
 * @returns The ETag without quotes.
 */
export function etagOfSegments(etags: readonly string[]): Promise<string> {
  return md5Of([new TextEncoder().encode(etags.join(""))]);
}
