/**
 * Location URIs as glance_store writes and reads them.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { BadStoreUri } from "@vitrine/vitrine";
import { RbdLocation, RbdStore } from "@vitrine/vitrine/rbd";

const FSID = "6579df48-4999-4d50-a483-59d7cd6a6616";

Deno.test("RbdLocation.uri: is the URI that was parsed", () => {
  for (
    const uri of [
      `rbd://${FSID}/images/b1946ac9/snap`,
      `rbd://${FSID}/my%20pool/a%2Fb/other%40snap`,
      `rbd://${FSID}/images/%21%27%28%29%2A-_.~/snap`,
      `rbd://${FSID}/images/%C3%BC/snap`,
      "rbd://b1946ac9",
    ]
  ) {
    assertEquals(RbdLocation.parse(uri).uri(), uri);
  }
});

Deno.test("RbdLocation.parse: decodes the parts, but not the one of the short form", () => {
  const { fsid, pool, image, snapshot, path } = RbdLocation.parse(
    `rbd://${FSID}/p%2Fq/a%2Fb/s%20t`,
  );
  assertEquals([fsid, pool, image, snapshot, path], [FSID, "p/q", "a/b", "s t", "a/b"]);
  const short = RbdLocation.parse("rbd://a%2Fb");
  assertEquals([short.fsid, short.pool, short.image, short.snapshot], [
    undefined,
    undefined,
    "a%2Fb",
    "snap",
  ]);
});

Deno.test("RbdLocation.parse: a URI without one part or four, an empty one, or what C would cut is BadStoreUri", () => {
  for (
    const uri of [
      "rbd://",
      "rbd:///",
      "rbd://a/b",
      "rbd://a/b/c",
      "rbd://a/b/c/d/e",
      "rbd://a/b//d",
      "rbd://a/b/c/",
      "rbd://a/b/c%00d/snap",
      "rbd://a/b/%/snap",
      "rbd://a/b/%ff/snap",
      "s3://a/b/c/d",
      "rbd:a",
    ]
  ) {
    assertThrows(() => RbdLocation.parse(uri), BadStoreUri, undefined, uri);
  }
});

Deno.test("RbdStore.ownsLocation: has the locations of its own pool alone", () => {
  const store = new RbdStore("ceph", { pool: "images" });
  const owned = (uri: string) => store.ownsLocation(RbdLocation.parse(uri));
  assertEquals(owned(`rbd://${FSID}/images/a/snap`), true);
  assertEquals(owned("rbd://a"), true);
  assertEquals(owned(`rbd://${FSID}/volumes/a/snap`), false);
});

Deno.test("RbdStore.imageIdOf: only an image's own snapshot is the image", () => {
  const store = new RbdStore("ceph");
  const imageId = (uri: string) => store.imageIdOf(RbdLocation.parse(uri));
  assertEquals(imageId(`rbd://${FSID}/images/a%2Fb/snap`), "a/b");
  assertEquals(imageId("rbd://a"), "a");
  assertEquals(imageId(`rbd://${FSID}/images/a/backup`), undefined);
  assertEquals(imageId(`rbd://${FSID}/images/..%2Fa/snap`), undefined);
});
