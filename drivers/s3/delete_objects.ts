/**
 * Deleting many objects by one request.
 *
 * @module
 */
import { decodeHex, encodeBase64 } from "../../streams/encoding.ts";
import { createDigests } from "../../streams/digest/mod.ts";
import type { S3Client } from "./client.ts";
import { errorOf } from "./errors.ts";
import { S3Fault } from "./fault.ts";
import { escapeXml } from "./xml.ts";

/** How many objects one request may name. */
const MOST = 1_000;

/**
 * Deletes objects, 1,000 by one request. Missing ones count as deleted
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html).
 */
export async function deleteObjects(
  client: S3Client,
  keys: AsyncIterable<string>,
  signal: AbortSignal | undefined,
): Promise<void> {
  let batch: string[] = [];
  for await (const key of keys) {
    if (batch.push(key) < MOST) continue;
    await deleteBatch(client, batch, signal);
    batch = [];
  }
  if (batch.length > 0) await deleteBatch(client, batch, signal);
}

async function deleteBatch(
  client: S3Client,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const objects = keys.map((key) => `<Object><Key>${escapeXml(key)}</Key></Object>`);
  const body = `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>` +
    `${objects.join("")}</Delete>`;
  const digests = await createDigests(["md5"], { sizeHint: body.length });
  await digests.update(new TextEncoder().encode(body));
  const { md5 } = await digests.digest();
  const root = await client.xml({
    method: "POST",
    query: { delete: "" },
    headers: { "content-md5": encodeBase64(decodeHex(md5!)!) },
    slow: true,
    signal,
  }, body);
  for (const error of root.all("Error")) {
    const fault = new S3Fault(0, error.text("Code"), undefined, undefined);
    throw errorOf(fault, new Headers()).at({ path: error.text("Key") });
  }
}
