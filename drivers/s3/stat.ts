/**
 * What is known of an object.
 *
 * @module
 */
import type { DriverStat } from "../../store/types.ts";
import { readRange } from "../../transport/read_range.ts";
import type { S3Client } from "./client.ts";
import { isSizeDoubtful, isWithoutDigest, parseStat } from "./object_headers.ts";

/**
 * Reads what is known of an object.
 *
 * @param client The client of the bucket.
 * @param key The key of the object.
 * @param signal Ends the request.
 * @returns What is known.
 * @throws {NotFound} If there is no such object.
 */
export async function statObject(
  client: S3Client,
  key: string,
  signal: AbortSignal | undefined,
): Promise<DriverStat> {
  const headers = await client.headers({ method: "HEAD", key, signal });
  const stat = parseStat(await withTags(client, key, headers, signal));
  if (!isSizeDoubtful(headers)) return stat;
  // Some servers and proxies announce no size, or 0, where a GET has a body.
  const range = { offset: 0, length: 1 };
  const reader = await readRange(client.transport, client.request({ key, signal }), range);
  await reader.close();
  return { ...stat, size: reader.total };
}

/** Adds what the tags of an object say to its headers. */
async function withTags(
  client: S3Client,
  key: string,
  headers: Headers,
  signal: AbortSignal | undefined,
): Promise<Headers> {
  if (!isWithoutDigest(headers)) return headers;
  const { readTaggedFacts } = await import("./object_tags.ts");
  return new Headers({
    ...Object.fromEntries(headers),
    ...await readTaggedFacts(client, key, headers, signal),
  });
}
