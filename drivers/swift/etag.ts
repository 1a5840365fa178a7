/**
 * ETags of large objects.
 *
 * @module
 */
// Small: one rule of the protocol, for the writer and the copier.
import { md5Of } from "../shared/md5.ts";

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
