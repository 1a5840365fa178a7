/**
 * Presigned URLs: one request by somebody who has no keys
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html).
 *
 * @module
 */
import { Invalid, StorePresignNotSupported } from "../../errors/mod.ts";
import type { PresignRequest } from "../../store/types.ts";
import type { S3Client } from "./client.ts";
import { signUrl } from "./signer.ts";

// Small: reads do not load it.

/** The longest that a presigned URL may be good, in milliseconds: 7 days. */
const MAX_EXPIRY = 604_800_000;

/**
 * Creates a presigned URL.
 *
 * @param client The client of the bucket.
 * @param key The key of the object.
 * @param request The method, for how long, and whether a `PUT` may replace an object.
 * @param requesterPays Whether whoever uses the URL pays for it.
 * @returns The URL.
 * @throws {Invalid} If it would be good for more than 7 days.
 * @throws {StorePresignNotSupported} If the store has no keys.
 */
export async function presignObject(
  client: S3Client,
  key: string,
  { method, expiresIn, overwrite }: PresignRequest,
  requesterPays: boolean | undefined,
): Promise<URL> {
  if (expiresIn > MAX_EXPIRY) throw new Invalid("a presigned URL is good for 7 days at most");
  const seconds = Math.ceil(expiresIn / 1000);
  const headers = new Headers(method === "PUT" && !overwrite ? { "if-none-match": "*" } : {});
  const query = requesterPays ? { "x-amz-request-payer": "requester" } : undefined;
  const url = client.endpoint.url(key, query);
  const context = await client.signingContext();
  if (context === undefined) throw new StorePresignNotSupported("the store signs nothing");
  return await signUrl({ method, url, headers }, context, seconds);
}
