/**
 * Locations: ids, URIs, and secrets that no printed form shows.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "../fast_check.ts";
import {
  BadStoreUri,
  checkImageId,
  hasSecret,
  InvalidImageId,
  Location,
  maskOption,
  maskUri,
  SchemeMap,
  splitUri,
  StoreLocation,
  UnknownScheme,
  UnsupportedBackend,
} from "@vitrine/vitrine";
import { MemoryLocation } from "@vitrine/vitrine/memory";

class ShelfLocation extends StoreLocation {
  readonly scheme = "shelf";
  constructor(readonly path: string, userinfo?: string) {
    super(userinfo);
  }
  static parse(uri: string): ShelfLocation {
    const { host, path, userinfo } = splitUri(uri, ["shelf"]);
    return new ShelfLocation(host + path, userinfo);
  }
  protected override format(userinfo: string): string {
    return `shelf://${userinfo}${this.path}`;
  }
}

Deno.test("Location: prints credentials only by uri({ credentials: true })", () => {
  const inner = ShelfLocation.parse("shelf://me:hunter2@host/a");
  const location = new Location("s", inner, "a");
  const printed = [
    `${location}`,
    `${inner}`,
    JSON.stringify({ location, inner }),
    Deno.inspect(location),
    Deno.inspect({ deep: { inner, location } }),
    location.uri(),
    location.getStoreUri(),
    inner.uri({ credentials: false }),
  ];
  for (const text of printed) assert(!text.includes("hunter2"), text);
  assertEquals(location.uri({ credentials: true }), "shelf://me:hunter2@host/a");
  assertEquals(`${location}`, "shelf://***@host/a");
});

Deno.test("maskUri: masks user information and signatures anywhere in a text", () => {
  fc.assert(fc.property(
    fc.stringMatching(/^[A-Za-z0-9%:/+=._-]{8,40}$/),
    (secret) => {
      const shown = maskUri(`cannot get s3+https://key:${secret}@host/b/o and https://h/p?sig=1`);
      assertEquals(shown, "cannot get s3+https://***@host/b/o and https://h/p?sig=***");
    },
  ));
  assertEquals(maskUri("file:///srv/a@b.iso"), "file:///srv/a@b.iso");
});

Deno.test("maskUri: masks secrets of any characters, and leaves the rest readable", () => {
  for (
    const [text, shown] of [
      ["http://me:p@ssw0rd@host:99999/x", "http://***@host:99999/x"],
      [`http://me:S3CR'ET@host/x`, "http://***@host/x"],
      [`http://me:a"<b> c@d@host/x`, "http://***@host/x"],
      ["http://me:pa/ss@host/x", "http://***@host/x"],
      ["https://u:p@h/a@b.iso", "https://***@b.iso"],
      ["s3://A@B:c/d@e/f@host/b/k", "s3://***@host/b/k"],
      ["no: s3+https://A:b@c/d@host/b/k.", "no: s3+https://***@host/b/k."],
      [`no (http://a:b'@c@h/x): http://d:e@h2/@`, "no (http://***@h/x): http://***@"],
      ["http://h/?db_pass=it's&x=1", "http://h/?db_pass=***&x=1"],
      ["http://h/?x=1;pwd=a;b", "http://h/?x=1;pwd=***"],
      ["http://h/#x&auth=a", "http://h/#x&auth=***"],
      ["http://h/#access_token=a", "http://h/#access_token=***"],
    ] as const
  ) assertEquals(maskUri(text), shown);
});

Deno.test("maskUri: masks every parameter that is not known to be harmless", () => {
  for (
    const [text, shown] of [
      ["https://h/o?jwt=eyJh", "https://h/o?jwt=***"],
      ["https://h/o?code=hunter2&page=2", "https://h/o?code=***&page=2"],
      ["https://h/o?versionId=abc&partNumber=17", "https://h/o?versionId=abc&partNumber=17"],
      ["https://h/o?x=12&y=1234", "https://h/o?x=12&y=***"],
      ["https://h/o;jsessionid=hunter2", "https://h/o;jsessionid=***"],
      ["https://h/o?eyJhbGciOiJIUzI1NiJ9", "https://h/o?***"],
      ["https://h/o?uploads", "https://h/o?uploads"],
      ["get https://h/o?sas=hunter2, then", "get https://h/o?sas=*** then"],
      ["file:///srv/a?b=hunter2.iso", "file:///srv/a?b=hunter2.iso"],
      ["R&D=x.iso", "R&D=x.iso"],
    ] as const
  ) assertEquals(maskUri(text), shown);
});

Deno.test("maskOption: masks credentials without a scheme, at any depth", () => {
  for (
    const [value, shown] of [
      ["me:secret@proxy:3128", "***@proxy:3128"],
      ["https://me:secret@host/", "https://***@host/"],
      ["http:me:secret@proxy", "***@proxy"],
      [["me:secret@a"], ["***@a"]],
      [{ http: ["me:secret@a"], n: 3, none: null }, { http: ["***@a"], n: 3, none: null }],
      ["/srv/a:b@c", "/srv/a:b@c"],
      ["./a:b@c", "./a:b@c"],
      ["proxy:3128", "proxy:3128"],
      ["me@example.com", "me@example.com"],
    ] as const
  ) assertEquals(maskOption(value), shown as unknown);
});

Deno.test("hasSecret: knows user information and the names of secrets", () => {
  assert(hasSecret("http://me:pw@h/a"));
  assert(hasSecret("https://h/a?X-Amz-Signature=ab"));
  assert(!hasSecret("https://h/a?download=yes"));
  assert(!hasSecret("file:///srv/a@b"));
});

Deno.test("splitUri: refuses what is no location URI", () => {
  for (
    const uri of ["", "shelf", "shelf:", "shelf:/a", "http://a", "shelf://a\nb", "shelf://a\0"]
  ) {
    assertThrows(() => splitUri(uri, ["shelf"]), BadStoreUri, undefined, JSON.stringify(uri));
  }
});

Deno.test("checkImageId: accepts no segment that leaves its directory", () => {
  const segment = fc.oneof(fc.string(), fc.constantFrom("", ".", "..", "%2e%2e", "a\\b", "a\0"));
  fc.assert(fc.property(fc.array(segment, { maxLength: 5 }), (segments) => {
    const id = segments.join("/");
    try {
      checkImageId(id);
    } catch (error) {
      assert(error instanceof InvalidImageId);
      return;
    }
    const base = "file:///srv/store/";
    const path = id.split("/").map(encodeURIComponent).join("/");
    assert(new URL(path, base).href.length > base.length);
    for (const one of id.split("/")) {
      assert(one !== "" && one !== "." && one !== ".." && !one.includes("\\"));
    }
  }));
});

Deno.test("MemoryLocation: parses its own URI as the same image, whatever the id", () => {
  const id = fc.array(fc.string({ minLength: 1, unit: "grapheme" }), { minLength: 1, maxLength: 4 })
    .map((segments) => segments.join("/"))
    .filter((id) => {
      try {
        return checkImageId(id) === id;
      } catch {
        return false;
      }
    });
  fc.assert(fc.property(id, (id) => {
    const uri = new MemoryLocation("a store", id).uri();
    assertEquals(MemoryLocation.parse(uri).path, id);
    assertEquals(MemoryLocation.parse(uri).uri(), uri);
  }));
});

Deno.test("SchemeMap: finds the store that owns a URI", () => {
  const schemes = new SchemeMap();
  for (const name of ["one", "two"]) {
    schemes.register("memory", name, {
      parse: MemoryLocation.parse,
      owns: (location) => (location as MemoryLocation).store === name,
      imageIdOf: (location) => location.path,
    });
  }
  assertEquals(schemes.getKnownSchemes(), ["memory"]);
  assertEquals(schemes.getLocationFromUri("memory://two/a/b").storeName, "two");
  assertEquals(schemes.getLocationFromUri("MEMORY://two/a/b").imageId, "a/b");
  assertEquals(schemes.getLocationFromUriAndBackend("memory://one/a", "one").imageId, "a");
  assertThrows(() => schemes.getLocationFromUri("memory://three/a"), BadStoreUri);
  assertThrows(() => schemes.getLocationFromUri("s3://a/b"), UnknownScheme, "memory");
  assertThrows(() => schemes.getLocationFromUri("no uri"), UnknownScheme);
  assertThrows(
    () => schemes.getLocationFromUriAndBackend("memory://one/a", "nine"),
    UnsupportedBackend,
  );
  assertThrows(
    () => schemes.getLocationFromUriAndBackend("memory://one/a", "two"),
    BadStoreUri,
    "outside",
  );
});

Deno.test("checkImageId: a name has at most 255 bytes of UTF-8, an id at most 1,024", () => {
  const names = ["n".repeat(255), `a/${"ü".repeat(127)}/b`, `${"n".repeat(255)}/`.repeat(3) + "n"];
  for (const id of names) assertEquals(checkImageId(id), id);
  for (const id of ["n".repeat(256), `a/${"ü".repeat(128)}/b`, "n/".repeat(512) + "n"]) {
    assertThrows(() => checkImageId(id), InvalidImageId, "longer than");
  }
});
