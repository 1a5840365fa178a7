/**
 * Deleting objects, many by one request
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html).
 *
 * @module
 */
import { BackendException, Invalid, NotFound, StoreError } from "../../errors/mod.ts";
import { parseContentLength } from "../../transport/headers.ts";
import { Backoff } from "../../transport/backoff.ts";
import type { S3Client, S3Request } from "./client.ts";
import { contentMd5 } from "./content_md5.ts";
import { createError } from "./errors.ts";
import { getErrorCode, S3Fault } from "./fault.ts";
import { escapeXml, isXmlText } from "./xml.ts";
import { sendForXml } from "./xml_request.ts";

/** How many objects one request may name. */
const MAX_KEYS = 1_000;

/**
 * Deletes an object.
 *
 * @param client The client of the bucket.
 * @param key The key of the object.
 * @param signal Ends the request.
 * @throws {BackendException} If the object is still there after a response that is not the one of S3.
 */
export async function deleteObject(
  client: S3Client,
  key: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const response = await client.send({ method: "DELETE", key, signal });
  await response.release();
  // Any web page has the status 200. S3's own response is 204, whether there was an object or not.
  if (response.status === 204) return;
  try {
    await client.headers({ method: "HEAD", key, signal });
  } catch (error) {
    if (error instanceof NotFound) return;
    throw error;
  }
  throw new BackendException(
    `the server responded ${response.status} to the deletion, expected 204, and has the image still`,
  );
}

/**
 * Deletes a folder marker, if there is one.
 *
 * @param client The client of the bucket.
 * @param directory The directory, without a trailing slash.
 * @param signal Ends the requests.
 * @throws {Invalid} If the object is not known to be empty.
 */
export async function deleteMarker(
  client: S3Client,
  directory: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const key = `${directory}/`;
  try {
    const size = parseContentLength(await client.headers({ method: "HEAD", key, signal }));
    if (size !== 0) {
      throw new Invalid(
        `the object ${key} has ${size ?? "an unknown number of"} bytes, expected 0`,
      );
    }
  } catch (error) {
    if (error instanceof NotFound) return;
    throw error;
  }
  await deleteObject(client, key, signal);
}

/**
 * Sends a deletion: of an object, one of its versions, or an upload. Any web page has the status 200, which is not
 * the one of a deletion.
 *
 * @param client The client of the bucket.
 * @param request What is deleted.
 * @throws {BackendException} If the response is not the one of S3.
 */
export async function sendDeletion(client: S3Client, request: S3Request): Promise<void> {
  const response = await client.send({ ...request, method: "DELETE" });
  await response.release();
  if (response.status === 204) return;
  throw new BackendException(
    `the server responded ${response.status} to the deletion, expected 204`,
  );
}

/**
 * Deletes objects, 1,000 by one request. Missing ones count as deleted. Where the server cannot delete
 * many, or an object cannot be named in XML 1.0, they are deleted one by one.
 *
 * @param client The client of the bucket.
 * @param keys The keys of the objects.
 * @param signal Ends the deletion.
 * @throws {StoreError} If an object cannot be deleted; the error has its key as path.
 */
export async function deleteObjects(
  client: S3Client,
  keys: AsyncIterable<string>,
  signal: AbortSignal | undefined,
): Promise<void> {
  let hasBatches = true;
  async function deleteBatch(batch: readonly string[]): Promise<void> {
    let left = batch;
    if (hasBatches && batch.length > 1) {
      try {
        left = await requestDeletion(client, batch, signal);
      } catch (error) {
        if (!isUnknownOperation(error)) throw error;
        hasBatches = false;
      }
    }
    for (const key of left) {
      try {
        await deleteObject(client, key, signal);
      } catch (error) {
        throw error instanceof StoreError ? error.at({ path: key }) : error;
      }
    }
  }

  let batch: string[] = [];
  for await (const key of keys) {
    if (!isXmlText(key)) await deleteBatch([key]);
    else if (batch.push(key) === MAX_KEYS) {
      await deleteBatch(batch);
      batch = [];
    }
  }
  if (batch.length > 0) await deleteBatch(batch);
}

/**
 * Deletes objects by one request, and by further ones those that failed for a passing reason.
 *
 * @returns The keys that the server has said nothing about.
 */
async function requestDeletion(
  client: S3Client,
  batch: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const backoff = new Backoff(client.transport.retry);
  const left = new Set(batch);
  for (;;) {
    const root = await sendForXml(client, { ...await formatDeletion([...left]), signal });
    for (const deleted of root.all("Deleted")) left.delete(deleted.text("Key"));
    let passing: StoreError | undefined;
    for (const element of root.all("Error")) {
      const key = element.text("Key");
      const code = element.text("Code");
      // What was deleted before is deleted.
      if (code === "NoSuchKey") left.delete(key);
      if (!left.has(key)) continue;
      const error = createError(new S3Fault(0, code, undefined, undefined), new Headers());
      error.at({ path: key });
      if (!error.retryable) throw error;
      passing ??= error;
    }
    if (passing === undefined) return [...left];
    if (!await backoff.wait(undefined, signal)) throw passing;
  }
}

/** The request that deletes objects. Not with `Quiet`, so that each key is confirmed. */
async function formatDeletion(keys: readonly string[]) {
  const objects = keys.map((key) => `<Object><Key>${escapeXml(key)}</Key></Object>`);
  const body = `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${
    objects.join("")
  }</Delete>`;
  return {
    method: "POST",
    root: "DeleteResult",
    query: { delete: "" },
    headers: { "content-md5": await contentMd5([new TextEncoder().encode(body)]) },
    body,
    slow: true,
  };
}

/** Whether the server cannot delete many objects by one request. */
function isUnknownOperation(error: unknown): boolean {
  const { cause } = error as StoreError;
  return ["NotImplemented", "MethodNotAllowed"].includes(getErrorCode(error) ?? "") ||
    (cause instanceof S3Fault && [405, 501].includes(cause.status));
}
