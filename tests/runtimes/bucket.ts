/**
 * A bucket that pages of any origin may use.
 *
 * @module
 */
import { TestBucket } from "../s3/bucket.ts";
import type { Endpoints } from "../services/mod.ts";
import type { BucketSite } from "./environment.ts";

/** The headers that pages see besides those that they always see (https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name). */
const EXPOSED = ["ETag", "Content-Range", "Date"].concat(
  ["checksum", "os-hash-algo", "os-hash-value", "vitrine-add", "vitrine-part-size"]
    .map((name) => `x-amz-meta-${name}`),
);

/** Makes a bucket and lets pages use it. */
export async function openBucket(s3: Endpoints): Promise<{ site: BucketSite } & AsyncDisposable> {
  const bucket = new TestBucket(s3);
  const { host, bucket: name, accessKey, secretKey } = bucket.options;
  await bucket.store.add("first", new Uint8Array(1));
  const client = bucket.client();
  const rule = (names: string[], element: string) =>
    names.map((name) => `<${element}>${name}</${element}>`).join("");
  const body = "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin>" +
    "<AllowedHeader>*</AllowedHeader>" +
    rule(["GET", "HEAD", "PUT", "POST", "DELETE"], "AllowedMethod") +
    rule(EXPOSED, "ExposeHeader") + "</CORSRule></CORSConfiguration>";
  await client.headers({
    method: "PUT",
    query: { cors: "" },
    body: new TextEncoder().encode(body),
  });
  await client.close();
  return {
    site: { host: host!, bucket: name, accessKey: accessKey!, secretKey: secretKey! },
    [Symbol.asyncDispose]: () => bucket[Symbol.asyncDispose](),
  };
}
