/**
 * Requests whose responses are XML documents: listings, uploads, copies.
 *
 * @module
 */
import { BackendException, type StoreError } from "../../errors/mod.ts";
import { Backoff } from "../../transport/backoff.ts";
import type { S3Client, S3Request } from "./client.ts";
import { createError, createFault } from "./errors.ts";
import { S3Fault } from "./fault.ts";
import { type Element, parseXml } from "./xml.ts";

/** How long a document may be, in bytes: a listing has 1,000 keys of 1 KiB at most. */
const DOCUMENT_LIMIT = 16_777_216;

/** What a response must be to count as a success. */
export interface XmlRequest extends Omit<S3Request, "body"> {
  /** The name of the document's root element. */
  root: string;
  /** The body of the request, a document too. */
  body?: string | undefined;
}

/**
 * Sends a request whose response is an XML document. It is retried whatever its method, also if the
 * document breaks off or is an error in spite of a status of 200
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html).
 *
 * @param client The client of the bucket.
 * @param request The request, and the name of the root element that the response must have.
 * @returns The root element.
 * @throws {BackendException} If the response is another document, or none.
 * @throws {StoreError} If the server refuses the request.
 */
export async function sendForXml(client: S3Client, request: XmlRequest): Promise<Element> {
  const { root: expected, body, ...rest } = request;
  const encoded = body === undefined ? undefined : new TextEncoder().encode(body);
  const backoff = new Backoff(client.transport.retry);
  for (;;) {
    try {
      const response = await client.followRedirects(rest.key, () => {
        const once = client.request({ ...rest, body: encoded });
        return client.transport.send({ ...once, retry: "never" });
      });
      const root = parseXml(await response.text(DOCUMENT_LIMIT));
      if (root.name === "Error") {
        throw createError(createFault(500, response.headers, root), response.headers);
      }
      if (root.name !== expected) {
        // A proxy or a login page; the server may never have seen the request.
        throw new BackendException(
          `the server sent a document <${root.name.slice(0, 40)}>, expected <${expected}>`,
          { retryable: true },
        );
      }
      return root;
    } catch (error) {
      const { retryable, retryAfter, cause } = error as StoreError;
      // What is no document of S3's comes from a proxy, which may have passed the request on.
      const isRefusal = cause instanceof S3Fault && cause.code !== "";
      if (retryable && error !== request.signal?.reason && !isRefusal) request.onLost?.();
      if (!retryable || !await backoff.wait(retryAfter, request.signal)) throw error;
    }
  }
}
