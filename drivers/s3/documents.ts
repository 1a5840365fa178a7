/**
 * Requests that are answered by XML documents: listings, uploads, copies.
 *
 * @module
 */
import type { StoreError } from "../../errors/mod.ts";
import { Backoff } from "../../transport/backoff.ts";
import type { S3Client, S3Request } from "./client.ts";
import { errorOf, fault } from "./errors.ts";
import { S3Fault } from "./fault.ts";
import { type Element, parseXml } from "./xml.ts";

/**
 * Sends a request whose answer is an XML document, with `body` as one. It is tried again whatever its
 * method, also where the document breaks off or is an error in spite of a status of 200
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html).
 */
export async function ask(
  client: S3Client,
  request: Omit<S3Request, "body">,
  body: string | undefined,
): Promise<Element> {
  const encoded = body === undefined ? undefined : new TextEncoder().encode(body);
  const backoff = new Backoff(client.transport.retry);
  for (;;) {
    try {
      const once = client.request({ ...request, body: encoded });
      const response = await client.transport.send({ ...once, retry: "never" });
      const root = parseXml(await response.text(16_777_216));
      if (root.name === "Error") {
        throw errorOf(fault(500, response.headers, root), response.headers);
      }
      return root;
    } catch (error) {
      const { retryable, retryAfter, cause } = error as StoreError;
      // What is no document of S3's comes from a proxy, which may have passed the request on.
      const answered = cause instanceof S3Fault && cause.code !== "";
      if (retryable && error !== request.signal?.reason && !answered) request.lost?.();
      if (!retryable || !await backoff.wait(retryAfter, request.signal)) throw error;
    }
  }
}
