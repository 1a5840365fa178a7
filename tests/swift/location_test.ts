/**
 * Location URIs of Swift: glance_store's forms, credentials, and what is refused.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BadStoreUri, EgressDenied } from "../../mod.ts";
import { SwiftLocation } from "@vitrine/vitrine/swift";
import { pattern } from "../../conformance/data.ts";
import { serviceTest } from "../services/mod.ts";
import { SwiftStore } from "@vitrine/vitrine/swift";
import { account, container, emptied, swift } from "./servers.ts";

const FORMS: [uri: string, url: string, container: string, object: string, user?: string][] = [
  [
    "swift://user:pass@authurl.com/container/obj",
    "https://authurl.com",
    "container",
    "obj",
    "user",
  ],
  ["swift://account:user:pass@authurl.com/c/o", "https://authurl.com", "c", "o", "account:user"],
  ["swift+http://user:pass@authurl.com/v1/c/o", "http://authurl.com/v1", "c", "o", "user"],
  ["swift+https://u:p@host:5000/v3/c/o", "https://host:5000/v3", "c", "o", "u"],
  [
    "swift+http://a%3Au:p@127.0.0.1:8080/auth/v1.0/c/o",
    "http://127.0.0.1:8080/auth/v1.0",
    "c",
    "o",
    "a:u",
  ],
  ["swift+https://example.com/container/obj-id", "https://example.com", "container", "obj-id"],
  ["swift+http://h:80/v1/AUTH_1/glance_71c6/71c6", "http://h:80/v1/AUTH_1", "glance_71c6", "71c6"],
  ["swift+config://ref1/container/obj", "ref1", "container", "obj"],
  ["swift+config://ref1/c/iso/debian.iso", "ref1", "c", "iso/debian.iso"],
  ["swift+http://h/v1/A/c/iso%2Fdebian.iso", "http://h/v1/A", "c", "iso/debian.iso"],
];

Deno.test("SwiftLocation.parse: every form that glance_store writes is read, and written as it was", () => {
  for (const [uri, url, container, object, user] of FORMS) {
    const location = SwiftLocation.parse(uri);
    assertEquals(
      [location.url, location.container, location.object, location.credentials?.user],
      [url, container, object, user],
      uri,
    );
    assertEquals(location.uri({ credentials: true }), uri);
  }
});

Deno.test("SwiftLocation.uri: shows credentials only when they are requested", () => {
  const uri = "swift+https://pro:me:s%2Fe%3Ac%40ret@keystone/v3/c/o";
  const location = SwiftLocation.parse(uri);
  assertEquals(location.credentials, { user: "pro:me", key: "s/e:c@ret" });
  assertEquals(location.uri(), "swift+https://keystone/v3/c/o");
  for (const shown of [`${location}`, JSON.stringify(location), Deno.inspect(location)]) {
    assert(shown.includes("***@") && !shown.includes("ret") && !shown.includes("pro"), shown);
  }
});

Deno.test("SwiftLocation.parse: a URI that is no Swift location is refused, and its credentials are not shown", () => {
  const uris = [
    "swift://user:secret@http://authurl.com/v1/c/o",
    "swift://user:secret@authurl.com",
    "swift://user:secret@authurl.com/o",
    "swift://secret@authurl.com/c/o",
    "swift+config://u:secret@ref1/c/o",
    "swift+config://ref1/c",
    "swift+config://ref1/c/",
    "swift+config:///c/o",
    "swift+https://host/v1/c/",
    "swift+https://u:secret@/c/o",
    "swift+https://host:secret/c/o",
    "swift+http://host/v1/A/c/..",
    "swift+http://host/v1/A/../o",
    "swift+http://host/v1/A/c/%2e%2e",
    "swift+http://host/v1/A/c/a%2F..%2Fb",
    "swift+http://host/v1/A/a%2Fc/o",
    "swift+http://host/v1/A/c/o%00",
    "swift+config://ref1/c/../../other/o",
    "swift+ftp://host/c/o",
    "http://host/c/o",
    "",
  ];
  for (const uri of uris) {
    const { message } = assertThrows(() => SwiftLocation.parse(uri), BadStoreUri, undefined, uri);
    assert(!message.includes("secret") || uri.includes("host:secret"), message);
  }
});

Deno.test("SwiftLocation: a name that holds what URIs keep for themselves comes back as it was", () => {
  const names = ["100%", "a?b", "a#b", "%41", "ü🖼", "a b", "a:b@c", "x/y z/%2F"];
  for (const scheme of ["swift+config", "swift+http"] as const) {
    for (const object of names) {
      const location = new SwiftLocation({ scheme, address: "ref1", container: "c d", object });
      const again = SwiftLocation.parse(location.uri());
      assertEquals([again.container, again.object], ["c d", object]);
    }
  }
  // glance_store encodes nothing.
  assertEquals(SwiftLocation.parse("swift+config://ref1/c/100%").object, "100%");
});

serviceTest(
  "SwiftStore.owns: knows its own account, containers and ids",
  "swift",
  async ({ swift: at }) => {
    const options = { ...swift!, container: container() };
    const host = at.authUrl.slice("http://".length);
    const [mine, other] = [`${at.user}:${at.key}`, `${at.other.user}:${at.other.key}`];
    await using store = new SwiftStore("mine", options);
    try {
      const { location } = await store.add("a", pattern(3));
      assertEquals(location.uri(), `swift+config://ref1/${options.container}/a`);
      const { container } = options;
      const cases: [uri: string, imageId: string | undefined][] = [
        [`swift+config://ref1/${container}/a`, "a"],
        [`swift+http://${mine}@${host}/${container}/a`, "a"],
        [`swift+http://${mine.replace(":", "%3A")}@${host}/${container}/a`, "a"],
        [`swift+http://${host}/${container}/a`, "a"],
        [`swift+http://${host}/elsewhere/a`, undefined],
        [`swift+http://${other}@${host}/${container}/a`, undefined],
        [`swift+config://ref1/${container}/.segments/a`, undefined],
      ];
      for (const [uri, imageId] of cases) {
        const parsed = SwiftLocation.parse(uri);
        assertEquals(store.ownsLocation(parsed), true, uri);
        assertEquals(store.imageIdOf(parsed), imageId, uri);
      }
      for (
        const uri of [
          `swift+config://ref2/${container}/a`,
          `swift+http://${mine}@127.0.0.1:1/auth/${container}/a`,
        ]
      ) {
        assertEquals(store.ownsLocation(SwiftLocation.parse(uri)), false, uri);
      }
      assertEquals(await store.getSize(cases[2]![0]), 3);
      const { names } = await account(options);
      assertEquals(await names(container), ["a"]);
    } finally {
      await emptied(options);
    }
  },
);

serviceTest(
  "swift: a store without an account reads what locations with credentials name, but nothing inside",
  "swift",
  async ({ swift: { authUrl, user, key } }) => {
    const uri = `${authUrl.replace("http://", `swift+http://${user}:${key}@`)}/c/o`;
    await using store = new SwiftStore("any", { authVersion: "1" });
    assertEquals(store.ownsLocation(SwiftLocation.parse(uri)), true);
    assertEquals(store.ownsLocation(SwiftLocation.parse(uri.replace(/\/\/.*@/, "//"))), false);
    const { message } = await assertRejects(() => store.get(uri), EgressDenied);
    assert(!message.includes(key), message);
  },
);
