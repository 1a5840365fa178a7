/**
 * Digests as tags of an object, on a server that is a function, under the names of Amazon and of others.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { S3Store } from "../../drivers/s3/mod.ts";
import { MIB, pattern, streamOf } from "../../conformance/data.ts";

/** One byte more than a part has. */
const SIZE = 5 * MIB + 1;

/** A bucket with one object, which keeps metadata of the beginning of an upload, and tags. */
class TaggingServer {
  /** The requests, as method and query, and the names of their user metadata. */
  readonly requests: string[] = [];
  #object: Record<string, string> | undefined;
  #tags = "<Tagging><TagSet></TagSet></Tagging>";
  #upload: Record<string, string> = {};

  /** The store. Requests whose method and query `refuse` has are 403. */
  store(host: string, refuse: string[] = []): S3Store {
    return new S3Store("s3", {
      host,
      ...{ bucket: "b", accessKey: "AKIA", secretKey: "hush-hush", retries: 0 },
      ...{ largeObjectSize: 0, largeObjectChunkSize: 5 },
      fetch: async (url, { method = "GET", headers, body }) => {
        const name = `${method} ${new URL(url).search.replace(/=.*/, "")}`;
        const meta = Object.fromEntries(
          [...new Headers(headers)].filter(([name]) => name.startsWith("x-amz-meta-")),
        );
        const hasDigest = "x-amz-meta-checksum" in meta;
        this.requests.push(name + (hasDigest ? " with digests" : ""));
        if (refuse.includes(name)) return new Response(null, { status: 403 });
        return this.#respond(name, meta, await new Response(body as BodyInit).text());
      },
    });
  }

  #respond(name: string, meta: Record<string, string>, body: string): Response {
    const etag = { etag: '"0123456789abcdef0123456789abcdef-3"' };
    switch (name) {
      case "POST ?uploads":
        this.#upload = meta;
        return new Response(
          "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>",
        );
      case "PUT ?partNumber":
        return new Response(null, { headers: etag });
      case "POST ?uploadId":
        this.#object = { ...this.#upload, ...etag, "content-length": `${SIZE}` };
        return new Response(
          "<CompleteMultipartUploadResult><ETag>" + etag.etag +
            "</ETag></CompleteMultipartUploadResult>",
        );
      case "HEAD ":
        if (this.#object === undefined) return new Response(null, { status: 404 });
        return new Response(null, { headers: this.#object });
      case "PUT ?tagging":
        this.#tags = body;
        return new Response();
      case "GET ?tagging":
        return new Response(this.#tags);
    }
    return new Response(null, { status: 501 });
  }
}

const AMAZON = "https://s3.eu-west-1.amazonaws.com";
const image = pattern(SIZE);

Deno.test("S3Store.add: Amazon is sent digests as tags, and others with the completion too", async () => {
  for (const [host, isAmazon] of [[AMAZON, true], ["https://s3.example.org", false]] as const) {
    const server = new TaggingServer();
    await using store = server.store(host);
    const { checksum, multihash, format } = await store.add("a", streamOf(image));
    assertEquals(server.requests.includes("POST ?uploadId with digests"), !isAmazon);
    assert(server.requests.includes("PUT ?tagging"));
    const stat = await store.stat("a");
    assertEquals([stat.checksum, stat.multihash, stat.format], [checksum, multihash, format]);
  }
});

Deno.test("S3Store.add: expected digests need no tags", async () => {
  const server = new TaggingServer();
  await using store = server.store(AMAZON);
  const { checksum, multihash } = await store.add("a", streamOf(image));
  const again = new TaggingServer();
  await using other = again.store(AMAZON);
  await other.add("a", streamOf(image), { expected: { checksum, multihash } });
  assertEquals((await other.stat("a")).multihash, multihash);
  assertEquals(again.requests.filter((name) => name.endsWith("tagging")), []);
});

Deno.test("S3Store.add: an image whose tags are refused is whole, without digests", async () => {
  for (const refused of ["PUT ?tagging", "GET ?tagging"]) {
    const server = new TaggingServer();
    await using store = server.store(AMAZON, [refused]);
    assertEquals((await store.add("a", streamOf(image))).size, image.length);
    const { size, checksum } = await store.stat("a");
    assertEquals([size, checksum], [image.length, undefined]);
    // Nothing is put where it is not known that a server has tags.
    assertEquals(server.requests.includes("PUT ?tagging"), refused === "PUT ?tagging");
  }
});
