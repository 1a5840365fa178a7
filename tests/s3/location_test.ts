/**
 * Location URIs, as glance_store writes them and as we do.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import fc from "../fast_check.ts";
import { S3Location, S3Store } from "../../drivers/s3/mod.ts";
import { BadStoreUri, checkImageId, InvalidImageId } from "../../mod.ts";

function storeAt(host: string, bucket = "images"): S3Store {
  return new S3Store("s3", { host, bucket, accessKey: "key", secretKey: "se/cr:et+@" });
}

Deno.test("S3Location.parse: reads URIs of glance_store and holds their keys apart", () => {
  const uris = {
    "s3://AKIA:se/cr+et==@s3.example.org/images/1-2": ["s3", "s3.example.org", "images/1-2"],
    "s3+http://AKIA:se/cr+et==@[::1]:80/b/k": ["s3+http", "[::1]:80", "b/k"],
    "s3+https://AKIA:se/cr+et==@h:7480/b/k": ["s3+https", "h:7480", "b/k"],
  };
  for (const [uri, [scheme, host, path]] of Object.entries(uris)) {
    const location = S3Location.parse(uri);
    assertEquals([location.scheme, location.host, location.path], [scheme, host, path]);
    assertEquals(location.keys, { accessKey: "AKIA", secretKey: "se/cr+et==" });
    assertEquals(location.uri({ credentials: true }), uri);
    assertEquals(location.uri(), uri.replace("AKIA:se/cr+et==@", ""));
    assertEquals(`${location}${JSON.stringify({ location })}`.includes("et=="), false);
  }
});

Deno.test("S3Location.parse: what is no location of an object is BadStoreUri, and shows no key", () => {
  const uris = [
    "s3://",
    "s3://host",
    "s3://host/bucket",
    "s3://host/bucket/",
    "s3:///bucket/key",
    "s3://AKIA:hush@host/bucket",
    "s3://hush@host/bucket/key",
    "s3://AKIA:hush@https://host/bucket/key",
    "swift://host/bucket/key",
    "s3://host/bucket/a\nb",
    "s3://AKIA:hu\nsh@host/bucket/a",
  ];
  for (const uri of uris) {
    const { message } = assertThrows(() => S3Location.parse(uri), BadStoreUri);
    assertEquals(message.includes("hush"), false, message);
  }
});

Deno.test("S3Location: any image id is the same after a URI, with keys and without", async () => {
  await using store = new S3Store("s3", {
    host: "https://h:8443/some/path",
    bucket: "b",
    accessKey: "test:tester",
    secretKey: "a/b@c%2F: d",
    keysInLocations: true,
  });
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 60 }), async (id) => {
      try {
        checkImageId(id);
      } catch (error) {
        if (error instanceof InvalidImageId) return;
        throw error;
      }
      const location = await store.locationOf(id);
      for (const credentials of [true, false]) {
        const parsed = S3Location.parse(location.uri({ credentials }));
        assertEquals(store.imageIdOf(parsed), id);
        assertEquals(
          parsed.keys,
          credentials ? { accessKey: "test:tester", secretKey: "a/b@c%2F: d" } : undefined,
        );
      }
    }),
  );
});

Deno.test("S3Store.owns: knows its own host and bucket alone", () => {
  const store = storeAt("http://h:7480");
  const owns = (uri: string) => store.ownsLocation(S3Location.parse(uri));
  assertEquals(owns("s3://h:7480/images/a/b"), true);
  assertEquals(owns("s3+http://other:keys@H:7480/images/a"), true);
  const plain = storeAt("http://h");
  assertEquals(plain.ownsLocation(S3Location.parse("s3://h:80/images/a")), true);
  assertEquals(plain.ownsLocation(S3Location.parse("s3://h:443/images/a")), false);
  for (
    const uri of [
      "s3://h/images/a",
      "s3://h:7480/others/a",
      "s3://h:7480/images2/a",
      "s3://h:7480/images/../others/a",
      "s3://h:7480/images/%2e%2e/others/a",
      "s3://h:7480/images/a//b",
      "s3://h:7480/images/a%00",
    ]
  ) assertEquals(owns(uri), false, uri);
});

Deno.test("S3Store.locationOf: a new location is as glance_store would have it", async () => {
  const uris = {
    "example.org": "s3://example.org/images/a",
    "http://example.org:80/": "s3://example.org/images/a",
    "https://example.org": "s3+https://example.org/images/a",
    "https://x.supabase.co/storage/v1/s3": "s3+https://x.supabase.co/storage/v1/s3/images/a",
  };
  for (const [host, uri] of Object.entries(uris)) {
    assertEquals((await storeAt(host).locationOf("a")).uri({ credentials: true }), uri);
  }
});
