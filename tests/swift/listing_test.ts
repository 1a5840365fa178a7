/**
 * Listings: pages, directories, and what is no image.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { type SwiftOptions, SwiftStore } from "@vitrine/vitrine/swift";
import { pattern } from "../../conformance/data.ts";
import { serviceTest } from "../services/mod.ts";
import { account, container, emptied, swift } from "./servers.ts";

/** As many names as a page has in Swift. */
const PAGE = 10_000;

/** A server of one container, which lists it as Swift does; of `manifests`, the segments' prefix. */
function listing(
  names: string[],
  manifests: Record<string, string> = {},
): { options: SwiftOptions; requests: URL[] } & AsyncDisposable {
  const sorted = names.toSorted();
  const requests: URL[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const url = new URL(request.url);
    if (url.pathname === "/auth/v1.0") {
      const home = `${url.origin}/v1/AUTH_x`;
      return new Response(null, { headers: { "x-auth-token": "t", "x-storage-url": home } });
    }
    requests.push(url);
    if (request.method === "HEAD") {
      const prefix = manifests[decodeURIComponent(url.pathname).replace("/v1/AUTH_x/c/", "")];
      const manifest = prefix ? { "x-object-manifest": `c/${prefix}` } : {};
      return new Response(null, { headers: { etag: "a", ...manifest } });
    }
    const [prefix, delimiter, marker] = ["prefix", "delimiter", "marker"].map((name) =>
      url.searchParams.get(name) ?? ""
    ) as [string, string, string];
    const page: unknown[] = [];
    let last = "";
    for (const name of sorted) {
      if (!name.startsWith(prefix)) continue;
      const end = delimiter ? name.indexOf(delimiter, prefix.length) + 1 : 0;
      const shown = end ? name.slice(0, end) : name;
      if (shown === last || shown <= marker) continue;
      if (page.length === PAGE) break;
      last = shown;
      const empty = name in manifests;
      const hash = empty ? "d41d8cd98f00b204e9800998ecf8427e" : "900150983cd24fb0d6963f7d28e17f72";
      page.push(
        end ? { subdir: shown } : {
          name,
          hash,
          bytes: empty ? 0 : 3,
          content_type: "application/octet-stream",
          last_modified: "2026-01-02T03:04:05.678900",
        },
      );
    }
    return Response.json(page);
  });
  return {
    requests,
    options: {
      authVersion: "1",
      authAddress: `http://127.0.0.1:${server.addr.port}/auth/v1.0`,
      user: "u",
      key: "k",
      container: "c",
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const numbered = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, i) => prefix + String(i).padStart(6, "0"));

Deno.test("SwiftStore.list: a container of 25,000 names is listed whole, each name once, by three pages and the end", async () => {
  const names = numbered(25_000, "image-");
  await using server = listing(names);
  await using store = new SwiftStore("paged", server.options);
  const entries = await Array.fromAsync(store.list());
  assertEquals(entries.map(({ path }) => path), names);
  assertEquals(entries[0], {
    path: "image-000000",
    kind: "image",
    size: 3,
    etag: '"900150983cd24fb0d6963f7d28e17f72"',
    modified: new Date("2026-01-02T03:04:05Z"),
    contentType: "application/octet-stream",
  });
  assertEquals(server.requests.map(({ searchParams }) => searchParams.get("marker")), [
    null,
    "image-009999",
    "image-019999",
    "image-024999",
  ]);
});

Deno.test("SwiftStore.list: 25,000 names in directories are listed by level, and those below a directory alone", async () => {
  const names = [...numbered(12_500, "a/"), ...numbered(12_500, "b/"), "c"];
  await using server = listing(names);
  await using store = new SwiftStore("paged", server.options);
  const level = await Array.fromAsync(store.list());
  assertEquals(level.map(({ path, kind }) => [path, kind]), [
    ["a", "directory"],
    ["b", "directory"],
    ["c", "image"],
  ]);
  const below = await Array.fromAsync(store.list({ directory: "b" }));
  assertEquals(below.map(({ path }) => path), numbered(12_500, "b/"));
  assertEquals((await Array.fromAsync(store.list({ recursive: true }))).length, 25_001);
});

Deno.test("SwiftStore.list: segments are neither listed nor read through, however many they are", async () => {
  const segments = numbered(25_000, ".segments/8e6d/");
  const strange = [".segments/~", ".segments/ü"];
  await using server = listing([
    ...["+first", ".segment", ...segments, ...strange, ".segments0", "image"],
  ]);
  await using store = new SwiftStore("hiding", server.options);
  for (const recursive of [true, false]) {
    const entries = await Array.fromAsync(store.list({ recursive }));
    assertEquals(entries.map(({ path }) => path), ["+first", ".segment", ".segments0", "image"]);
  }
  assert(server.requests.length < 8, `${server.requests.length} requests`);
});

Deno.test("SwiftStore.list: glance_store's segments are hidden by their image's manifest, others of such a name are not", async () => {
  const names = [
    ...["large", ...numbered(15_000, "large-").map((name) => name.replace("-0", "-")), "large-x"],
    ...["empty", "empty-00001", "plain", "plain-00001"],
  ];
  await using server = listing(names, { large: "large-", empty: "" });
  await using store = new SwiftStore("hiding", server.options);
  const entries = await Array.fromAsync(store.list());
  assertEquals(entries.map(({ path }) => path), [
    ...["empty", "empty-00001", "large", "large-x", "plain", "plain-00001"],
  ]);
  // What the listing does not know is left out.
  assertEquals(entries.find(({ path }) => path === "large")!.size, undefined);
});

serviceTest(
  "swift: markers of directories, and names that are no ids, are not listed",
  "swift",
  async () => {
    const options = { ...swift!, container: container() };
    const { send } = await account(options);
    await using store = new SwiftStore("odd", options);
    try {
      await store.add("dir/image", pattern(3));
      for (const name of ["dir/", "dir//x", "/x", "dir/../y%20".replace("..", "%252e%252e")]) {
        await send("PUT", `/${options.container}/${name}`, {}, "");
      }
      const paths = async (directory: string) =>
        (await Array.fromAsync(store.list({ directory }))).map(({ path }) => path);
      assertEquals(await paths(""), ["dir"]);
      assertEquals(await paths("dir"), ["dir/%2e%2e", "dir/image"]);
      const all = await Array.fromAsync(store.list({ recursive: true }));
      assertEquals(all.map(({ path }) => path), ["dir/%2e%2e/y ", "dir/image"]);
    } finally {
      await emptied(options);
    }
  },
);

serviceTest("swift: a container that does not exist yet is an empty store", "swift", async () => {
  await using store = new SwiftStore("new", { ...swift!, container: container() });
  assertEquals(await Array.fromAsync(store.list()), []);
});

Deno.test("SwiftStore.list: begins and ends where the caller says, in one request", async () => {
  await using server = listing(numbered(25_000, "image."));
  await using store = new SwiftStore("paged", server.options);
  const startAfter = numbered(25_000, "image.")[20_000]!;
  const page = await Array.fromAsync(store.list({ startAfter, limit: 3 }));
  assertEquals(page.map(({ path }) => path), numbered(25_000, "image.").slice(20_001, 20_004));
  assertEquals(server.requests.length, 1);
});

Deno.test("SwiftStore.list: hides segments of an image that it begins after", async () => {
  const names = ["large", "large-00001", "large-00002", "large-x", "plain", "plain-00001"];
  await using server = listing(names, { large: "large-" });
  await using store = new SwiftStore("paged", server.options);
  for (
    const [startAfter, expected] of [
      ["large", ["large-x", "plain", "plain-00001"]],
      ["large-00001", ["large-x", "plain", "plain-00001"]],
      ["plain", ["plain-00001"]],
    ] as const
  ) {
    const page = await Array.fromAsync(store.list({ startAfter, limit: 10 }));
    assertEquals(page.map(({ path }) => path), [...expected]);
  }
});
