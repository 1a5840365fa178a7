/**
 * The examples that Amazon publishes of Signature Version 4 for S3:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { S3Store } from "../../drivers/s3/mod.ts";
import type { S3Request } from "../../drivers/s3/client.ts";
import { clockAt } from "./clock.ts";
import { clientFor } from "./settings.ts";

const options = {
  host: "s3.amazonaws.com",
  bucket: "examplebucket",
  accessKey: "AKIAIOSFODNN7EXAMPLE",
  secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
const time = Date.UTC(2013, 4, 24);
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const BODY = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";

const vectors: Record<string, [S3Request, string, string]> = {
  "GET Object with a range": [
    { key: "test.txt", headers: { range: "bytes=0-9", "x-amz-content-sha256": EMPTY } },
    "http://examplebucket.s3.amazonaws.com/test.txt",
    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  ],
  "PUT Object with an odd key": [
    {
      method: "PUT",
      key: "test$file.text",
      headers: {
        date: "Fri, 24 May 2013 00:00:00 GMT",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        "x-amz-content-sha256": BODY,
      },
      body: new TextEncoder().encode("Welcome to Amazon S3."),
    },
    "http://examplebucket.s3.amazonaws.com/test%24file.text",
    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
  ],
  "GET Bucket Lifecycle": [
    { query: { lifecycle: "" }, headers: { "x-amz-content-sha256": EMPTY } },
    "http://examplebucket.s3.amazonaws.com/?lifecycle=",
    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
  ],
  "GET Bucket (List Objects)": [
    { query: { "max-keys": "2", prefix: "J" }, headers: { "x-amz-content-sha256": EMPTY } },
    "http://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J",
    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  ],
};

for (const [name, [request, url, signature]] of Object.entries(vectors)) {
  Deno.test(`signature: ${name}`, async () => {
    using _clock = clockAt(time);
    let sent: [string, Headers] | undefined;
    const fetch = (url: string, { headers }: RequestInit) => {
      sent = [url, new Headers(headers)];
      return Promise.resolve(new Response());
    };
    await clientFor({ ...options, fetch }).headers(request);
    assertEquals(sent![0], url);
    const authorization = sent![1].get("authorization")!;
    assertEquals(/Signature=(\w+)$/.exec(authorization)?.[1], signature);
  });
}

Deno.test("signature: a presigned URL", async () => {
  using _clock = clockAt(time);
  await using store = new S3Store("s3", options);
  const url = await store.presign("test.txt", { expiresIn: 86_400_000 });
  assertEquals(url.origin + url.pathname, "http://examplebucket.s3.amazonaws.com/test.txt");
  assertEquals(
    url.searchParams.get("X-Amz-Signature"),
    "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
  );
});

Deno.test("S3Client.headers: headers that a runtime may change are sent, unsigned", async () => {
  let sent = new Headers();
  const fetch = (_: string, { headers }: RequestInit) => {
    sent = new Headers(headers);
    return Promise.resolve(new Response());
  };
  const headers = { "accept-encoding": "identity", range: "bytes=1-" };
  await clientFor({ fetch }).headers({ key: "a", headers });
  assertEquals(sent.get("accept-encoding"), "identity");
  assertEquals(
    /SignedHeaders=([^,]*)/.exec(sent.get("authorization")!)?.[1],
    "host;range;x-amz-content-sha256;x-amz-date",
  );
});
