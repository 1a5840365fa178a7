/**
 * How much space a bucket takes, by the headers of Ceph's radosgw
 * (https://docs.ceph.com/en/latest/radosgw/s3/bucketops/#head-bucket). Other servers do not say it.
 *
 * @module
 */
import { NotFound } from "../../errors/mod.ts";
import type { StoreUsage } from "../../store/types.ts";
import { parseCount } from "../../streams/encoding.ts";
import type { S3Client } from "./client.ts";

/**
 * Reads how many bytes and objects a bucket holds, and how many more bytes its quota lets in.
 *
 * @param client The client of the bucket.
 * @param isCreated Whether a bucket that is missing will be created, so that it counts as empty.
 * @param signal Ends the request.
 * @returns What the server says. `free` is not set without a quota.
 * @throws {NotFound} If there is no such bucket.
 */
export async function readUsage(
  client: S3Client,
  isCreated: boolean,
  signal: AbortSignal | undefined,
): Promise<StoreUsage> {
  let headers: Headers;
  try {
    headers = await client.headers({ method: "HEAD", query: { "read-stats": "true" }, signal });
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    if (isCreated) return { used: 0, images: 0 };
    throw new NotFound("the bucket does not exist", { cause: error });
  }
  const count = (name: string) => parseCount(headers.get(`x-rgw-${name}`));
  const used = count("bytes-used");
  const quota = count("quota-bucket-size");
  const hasQuota = used !== undefined && quota !== undefined;
  return {
    used,
    free: hasQuota ? Math.max(0, quota - used) : undefined,
    images: count("object-count"),
  };
}
