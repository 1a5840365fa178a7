/**
 * What is known of an object.
 *
 * @module
 */
// Small: a plain read does not load it.
import type { DriverStat } from "../../store/types.ts";
import { readRange } from "../../transport/read_range.ts";
import type { S3Client } from "./client.ts";
import { isSizeDoubtful, parseStat } from "./object_headers.ts";

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
  const stat = parseStat(headers);
  if (!isSizeDoubtful(headers)) return stat;
  // Some servers and proxies announce no size, or 0, where a GET has a body.
  const range = { offset: 0, length: 1 };
  const reader = await readRange(client.transport, client.request({ key, signal }), range);
  await reader.close();
  return { ...stat, size: reader.total };
}
