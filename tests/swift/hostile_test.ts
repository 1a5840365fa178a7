/**
 * Servers that a Swift store does not believe: listings without an end, documents that are none, URLs
 * that lead elsewhere; and a Keystone as clouds have it.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import {
  AuthorizationFailure,
  BackendException,
  BadAuthStrategy,
  BadStoreConfiguration,
  type ListOptions,
  NoServiceEndpoint,
  type SkippedEntry,
  StoreError,
} from "../../mod.ts";
import { endpointOf } from "../../drivers/swift/catalog.ts";
import { compareNames } from "../../store/listing.ts";
import { type SwiftOptions, SwiftStore } from "@vitrine/vitrine/swift";

/** Starts a server with auth v1, and resolves to the options of a store on it. */
function serve(
  respond: (request: Request, url: URL) => Response | Promise<Response>,
  storageUrl?: string,
): { options: SwiftOptions; url: string } & AsyncDisposable {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const url = new URL(request.url);
    if (url.pathname !== "/auth/v1.0") return respond(request, url);
    const headers = { "x-auth-token": "t", "x-storage-url": storageUrl ?? `${url.origin}/v1/a` };
    return new Response(null, { headers });
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  const login = { authVersion: "1", authAddress: `${url}/auth/v1.0`, user: "u", key: "k" } as const;
  return {
    url,
    options: { ...login, container: "c", retries: 0 },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

Deno.test("SwiftStore.list: ends with an error where the server repeats a page", async () => {
  const pages: ((marker: string) => unknown[])[] = [
    // It ignores the marker.
    () => [{ name: "a", bytes: 1 }, { name: "b", bytes: 1 }],
    // It repeats a directory.
    () => [{ subdir: "a/" }],
    // It alternates.
    (marker) => [{ name: marker === "a" ? "b" : "a" }],
    // It goes back.
    (marker) => [{ name: marker === "" ? "z" : "a" }],
  ];
  for (const page of pages) {
    await using server = serve((_, url) =>
      Response.json(page(url.searchParams.get("marker") ?? ""))
    );
    await using store = new SwiftStore("hostile", server.options);
    const error = await assertRejects(() => Array.fromAsync(store.list()), BackendException);
    assert(error.message.includes("does not advance"), error.message);
  }
});

Deno.test("compareNames: is the order of the bytes in UTF-8", () => {
  const encoder = new TextEncoder();
  const names = ["", "a", "a/", "ab", "b", "\u00e9", "\uffee", "\u{1f600}", "\u{1f600}a"];
  for (const [i, a] of names.entries()) {
    for (const [j, b] of names.entries()) {
      assertEquals(Math.sign(compareNames(a, b)), Math.sign(i - j), `${a} ${b}`);
    }
  }
  assertEquals(
    [...names].sort((a, b) => {
      const [x, y] = [a, b].map((name) => String.fromCharCode(...encoder.encode(name)));
      return x! < y! ? -1 : 1;
    }),
    names,
  );
});

Deno.test("SwiftStore.list: a document that is no listing is an error that says so", async () => {
  for (const body of ["null", "{}", "3", "[null]", '[{"bytes":1}]', "<html>", ""]) {
    await using server = serve(() => new Response(body));
    await using store = new SwiftStore("hostile", server.options);
    const error = await assertRejects(() => Array.fromAsync(store.list()), BackendException);
    assert(/listing|JSON/.test(error.message) && error.message.includes("GET c"), error.message);
  }
});

Deno.test("SwiftStore.list: a listing of something else is an error that says what was expected", async () => {
  const object = (name: string) => ({ name, bytes: 3, hash: "900150983cd24fb0d6963f7d28e17f72" });
  const below = object("dir/b.img");
  const cases: [ListOptions, page: unknown[], error: string][] = [
    [{}, [object("a.img"), below], 'the object "dir/b.img", expected names of one level'],
    [{}, [{ subdir: "dir/sub/" }], 'the directory "dir/sub/", expected names of one level'],
    [{}, [{ name: "c", count: 3, bytes: 99 }], 'the container "c", expected objects'],
    [
      { directory: "dir" },
      [below, { subdir: "other/" }],
      'the directory "other/", expected names that begin with "dir/"',
    ],
    [
      { recursive: true },
      [object("a.img"), { subdir: "dir/" }],
      'the directory "dir/", expected all names, without directories',
    ],
  ];
  for (const [options, page, message] of cases) {
    await using server = serve((_, url) =>
      Response.json(url.searchParams.has("marker") ? [] : page)
    );
    await using store = new SwiftStore("hostile", server.options);
    const error = await assertRejects(() => Array.fromAsync(store.list(options)), BackendException);
    assert(error.message.endsWith(`GET c: the listing has ${message}`), error.message);
  }
});

Deno.test("SwiftStore.list: objects are no containers", async () => {
  const page = [{ name: "c_ab", bytes: 3, hash: "900150983cd24fb0d6963f7d28e17f72" }];
  await using server = serve(() => Response.json(page));
  const options = { ...server.options, multipleContainersSeed: 2 };
  await using store = new SwiftStore("hostile", options);
  const error = await assertRejects(() => Array.fromAsync(store.list()), BackendException);
  assert(error.message.endsWith('the object "c_ab", expected containers'), error.message);
});

Deno.test("SwiftStore.delete: a listing of something else deletes no other image", async () => {
  const sent: string[] = [];
  await using server = serve((request, url) => {
    if (request.method !== "GET") sent.push(`${request.method} ${url.pathname}`);
    if (request.method === "HEAD") {
      const manifest = { "x-object-manifest": "segments/a.img/", "x-timestamp": "1" };
      return new Response(null, { headers: { etag: "a", "content-length": "3", ...manifest } });
    }
    if (request.method === "DELETE") return new Response(null, { status: 204 });
    const isFirst = !url.searchParams.has("marker");
    return Response.json(
      isFirst ? [{ name: "a.img/1", bytes: 3 }, { name: "b.img", bytes: 3 }] : [],
    );
  });
  await using store = new SwiftStore("hostile", server.options);
  const error = await assertRejects(() => store.delete("a.img"), BackendException);
  assert(error.message.includes('expected names that begin with "a.img/"'), error.message);
  assertEquals(sent.filter((one) => !one.startsWith("HEAD")), []);
});

Deno.test("SwiftStore: a login page with status 200 is no success of any operation", async () => {
  const operations: Record<string, (store: SwiftStore) => Promise<unknown>> = {
    get: (store) => store.get("a"),
    stat: (store) => store.stat("a"),
    add: (store) => store.add("a", new Uint8Array(3)),
    "add in segments": (store) => store.add("a", new Uint8Array(2_100_000)),
    copy: (store) => store.copy("a", "c"),
    rename: (store) => store.rename("a", "c"),
    delete: (store) => store.delete("a"),
    deleteMany: (store) => store.deleteMany(["a", "b"]),
    list: (store) => Array.fromAsync(store.list()),
    getAcls: (store) => store.getAcls("a"),
    setAcls: (store) => store.setAcls("a", { public: true }),
    async gc(store) {
      const skipped: Error[] = [];
      await Array.fromAsync(store.gc({ onSkipped: ({ reason }) => skipped.push(reason) }));
      throw skipped[0]!;
    },
  };
  const page = "<html><head></head><body>Please log in</body></html>";
  await using server = serve(() =>
    new Response(page, { headers: { "content-type": "text/html" } })
  );
  for (const [name, operation] of Object.entries(operations)) {
    const options = { ...server.options, largeObjectSize: 1, largeObjectChunkSize: 1 };
    await using store = new SwiftStore("hostile", options);
    const error = await assertRejects(() => operation(store), StoreError, undefined, name);
    assert(!/\n|undefined|Cannot read/.test(error.message), error.message);
  }
});

Deno.test("SwiftStore: a change that is responded to with status 200 has not been made", async () => {
  const operations: Record<string, (store: SwiftStore) => Promise<unknown>> = {
    add: (store) => store.add("new", new Uint8Array(3)),
    delete: (store) => store.delete("a"),
  };
  const changes = new Set<string>();
  const object = { etag: "900150983cd24fb0d6963f7d28e17f72", "x-timestamp": "1704164645.67890" };
  await using server = serve(({ method }, { pathname }) => {
    const name = pathname.replace("/v1/a/c", "");
    if (method !== "GET" && method !== "HEAD") {
      changes.add(method);
      return new Response("Please log in");
    }
    if (name === "") {
      const headers = { "x-container-object-count": "1" };
      return method === "GET" ? Response.json([]) : new Response(null, { status: 204, headers });
    }
    return name === "/a"
      ? new Response(null, { headers: object })
      : new Response(null, { status: 404 });
  });
  for (const [name, operation] of Object.entries(operations)) {
    await using store = new SwiftStore("hostile", server.options);
    await assertRejects(() => operation(store), BackendException, "responded with 200", name);
  }
  assertEquals([...changes].sort(), ["DELETE", "PUT"]);
});

Deno.test("SwiftStore.copy: an image whose size is said to be 0, but not by its md5, is read", async () => {
  const md5 = (data: Uint8Array) => createHash("md5").update(data).digest("hex");
  const data = new TextEncoder().encode("0123456789");
  let copied: Uint8Array | undefined;
  await using server = serve(async ({ method, body }, { pathname }) => {
    const name = pathname.replace("/v1/a/c", "");
    if (method === "PUT") {
      const sent = body ? await new Response(body).bytes() : new Uint8Array();
      if (name === "/new.img") copied = sent;
      return new Response(null, { status: 201, headers: { etag: md5(sent) } });
    }
    if (method === "DELETE") return new Response(null, { status: 204 });
    if (name === "") return Response.json([]);
    if (name !== "/a.img") return new Response(null, { status: 404 });
    const headers = { etag: md5(data), "last-modified": "Tue, 02 Jan 2024 03:04:05 GMT" };
    return method === "HEAD"
      ? new Response(null, { headers: { ...headers, "content-length": "0" } })
      : new Response(data, { headers });
  });
  await using store = new SwiftStore("hostile", server.options);
  const copying = await store.copy("a.img", "new.img").catch((error) => error as Error);
  // Either is true: that it cannot be copied, or a copy of what there is.
  if (copying instanceof Error) assertEquals(copied, undefined);
  else assertEquals(copied, data);
});

Deno.test("SwiftStore.list: a field that does not parse is unknown", async () => {
  const entry = {
    ...{ name: "a", bytes: "many", hash: 7, last_modified: "yesterday", slo_etag: null },
    content_type: 7,
  };
  await using server = serve((_, url) =>
    Response.json(url.searchParams.has("marker") ? [] : [entry, { name: "b", bytes: -1 }])
  );
  await using store = new SwiftStore("hostile", server.options);
  const unknown = {
    ...{ kind: "image", size: undefined, modified: undefined, etag: undefined },
    contentType: undefined,
  };
  assertEquals(await Array.fromAsync(store.list()), [
    { path: "a", ...unknown },
    { path: "b", ...unknown },
  ] as never);
});

Deno.test("SwiftStore.stat: a malformed digest is unknown", async () => {
  const [md5, sha512] = ["a".repeat(32), "b".repeat(128)];
  const cases: [Record<string, string>, checksum?: string | undefined, algo?: string][] = [
    [{ etag: md5, "x-object-meta-checksum": "none" }, md5],
    [{ etag: "abc-2", "x-object-meta-checksum": md5.toUpperCase() }, md5],
    [{ etag: "abc-2" }],
    [
      { "x-object-meta-os-hash-algo": "sha512", "x-object-meta-os-hash-value": sha512 },
      undefined,
      "sha512",
    ],
    [{ "x-object-meta-os-hash-algo": "sha512", "x-object-meta-os-hash-value": "not hex" }],
    [{ "x-object-meta-os-hash-value": sha512 }],
  ];
  for (const [headers, checksum, algo] of cases) {
    await using server = serve(() =>
      new Response(null, {
        headers: { "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT", ...headers },
      })
    );
    await using store = new SwiftStore("hostile", server.options);
    const stat = await store.stat("a");
    assertEquals([stat.checksum, stat.multihash?.algo], [checksum, algo], JSON.stringify(headers));
  }
});

Deno.test("SwiftStore.list: looks for a marker without a slash in one of many containers", async () => {
  const heads: string[] = [];
  await using server = serve((request, url) => {
    if (request.method === "HEAD") {
      heads.push(url.pathname);
      const marker = {
        "content-type": "application/directory",
        "content-length": "0",
        "x-timestamp": "1",
      };
      return new Response(null, { headers: marker });
    }
    const isAccount = url.pathname === "/v1/a" && !url.searchParams.has("marker");
    return Response.json(isAccount ? ["c_aa", "c_ab", "c_is"].map((name) => ({ name })) : []);
  });
  const options = { ...server.options, multipleContainersSeed: 2 };
  await using store = new SwiftStore("many", options);
  const directories: string[] = [];
  const onSkipped = ({ reason }: SkippedEntry) => {
    throw reason;
  };
  const onDirectory = (directory: string) => void directories.push(directory);
  assertEquals(await Array.fromAsync(store.list({ directory: "iso", onDirectory, onSkipped })), []);
  assertEquals(heads, ["/v1/a/c_is/iso"]);
  assertEquals(directories, ["iso"]);
});

Deno.test("SwiftStore: no request goes to a URL that is not http or https", async () => {
  for (const url of ["file:///etc/passwd", "data:,x", "ftp://127.0.0.1/", "no URL"]) {
    await using server = serve(() => new Response(null), url);
    await using store = new SwiftStore("hostile", server.options);
    await assertRejects(() => store.stat("a"), NoServiceEndpoint);
    const catalog = [{ type: "object-store", endpoints: [{ interface: "public", url }] }];
    const wanted = { serviceType: "object-store", endpointType: "publicURL" } as const;
    assertThrows(() => endpointOf(catalog, wanted), NoServiceEndpoint);
  }
});

Deno.test("endpointOf: takes the first of several endpoints of a region", () => {
  const endpoint = (host: string) => ({
    interface: "public",
    region: "one",
    url: `https://${host}/v1`,
  });
  const catalog = [
    null,
    { type: "object-store", endpoints: null },
    { type: "object-store", endpoints: [endpoint("a"), null, endpoint("b")] },
    { type: "object-store", endpoints: [endpoint("c")] },
  ];
  for (const region of [undefined, "one"]) {
    const wanted = { serviceType: "object-store", endpointType: "publicURL", region } as const;
    assertEquals(endpointOf(catalog, wanted), "https://a/v1");
  }
});

/** Starts a Keystone that responds to logins as the test says, and is a Swift without objects too. */
function keystone(
  login: (request: Request, url: URL) => Response | undefined,
  { date = new Date(), expires = 3_600_000 } = {},
): ReturnType<typeof serve> & { logins: string[] } {
  const logins: string[] = [];
  const server = serve(async (request, url) => {
    if (!url.pathname.endsWith("/auth/tokens")) return new Response(null, { status: 404 });
    logins.push(`${request.method} ${url.pathname}`);
    await request.arrayBuffer();
    const response = login(request, url);
    if (response !== undefined) return response;
    const token = {
      expires_at: new Date(date.getTime() + expires).toISOString(),
      user: { id: "u" },
      catalog: [{
        type: "object-store",
        endpoints: [{ interface: "public", url: `${url.origin}/v1/a` }],
      }],
    };
    const headers = { "x-subject-token": "t", date: date.toUTCString() };
    return Response.json({ token }, { status: 201, headers });
  });
  const options = {
    authAddress: `${server.url}/identity/v3`,
    authVersion: 3,
    user: "blue:alice",
    key: "secret-key",
    container: "c",
    createContainerOnPut: true,
    retries: 0,
  } as const;
  return { ...server, [Symbol.asyncDispose]: server[Symbol.asyncDispose], options, logins };
}

Deno.test("Keystone: a login follows redirects on its host, and names any other", async () => {
  for (const status of [301, 302, 307, 308]) {
    await using server = keystone((_, url) =>
      url.pathname.startsWith("/identity")
        ? new Response(null, { status, headers: { location: "/keystone/v3/auth/tokens" } })
        : undefined
    );
    await using store = new SwiftStore("redirected", server.options);
    assertEquals(await Array.fromAsync(store.list()), []);
    assertEquals(server.logins, ["POST /identity/v3/auth/tokens", "POST /keystone/v3/auth/tokens"]);
  }
  for (const location of ["http://localhost:1/v3", "file:///x", "/identity/v3/auth/tokens"]) {
    await using server = keystone(() => new Response(null, { status: 302, headers: { location } }));
    await using store = new SwiftStore("redirected", server.options);
    const error = await assertRejects(() => store.stat("a"), BadAuthStrategy);
    assert(/redirect/.test(error.message) && !error.message.includes("secret"), error.message);
  }
});

Deno.test("Keystone: an application credential that was deleted is named", async () => {
  const message = "Could not find Application Credential: 3b1e.";
  await using server = keystone(() =>
    Response.json({ error: { code: 404, message } }, { status: 404 })
  );
  const { user: _user, key: _key, ...options } = server.options;
  await using store = new SwiftStore("deleted", {
    ...options,
    applicationCredentialId: "3b1e",
    applicationCredentialSecret: "secret-key",
  });
  const error = await assertRejects(() => store.stat("a"), AuthorizationFailure);
  assert(error.message.includes("the application credential does not exist"), error.message);
});

Deno.test("Keystone: a token's end is judged by the server's clock", async () => {
  for (const ahead of [-172_800_000, 0, 172_800_000]) {
    await using server = keystone(() => undefined, { date: new Date(Date.now() + ahead) });
    await using store = new SwiftStore("clock", server.options);
    for (let i = 0; i < 3; i++) await Array.fromAsync(store.list());
    assertEquals(server.logins.length, 1, `${ahead}`);
  }
});

Deno.test("Keystone: a token whose end cannot be read is used until it is refused", async () => {
  for (const end of ["never", "9999-99-99T99:99:99Z", "", null, 7, undefined]) {
    const server: ReturnType<typeof keystone> = keystone((_, { origin }) =>
      Response.json({
        token: {
          expires_at: end,
          user: { id: "u" },
          catalog: [{
            type: "object-store",
            endpoints: [{ interface: "public", url: `${origin}/v1/a` }],
          }],
        },
      }, { status: 201, headers: { "x-subject-token": "t" } })
    );
    await using _ = server;
    await using store = new SwiftStore("cloud", server.options);
    assertEquals(await Array.fromAsync(store.list()), [], `${end}`);
    assertEquals(await Array.fromAsync(store.list()), [], `${end}`);
    assertEquals(server.logins.length, 1);
  }
});

Deno.test("Keystone: a document that is no token is an error that says so", async () => {
  for (const body of ["null", "[]", '{"token":null}', '{"token":3}', "<html>", ""]) {
    await using server = keystone(() =>
      new Response(body, { status: 201, headers: { "x-subject-token": "t" } })
    );
    await using store = new SwiftStore("hostile", server.options);
    const error = await assertRejects(() => store.stat("a"), BadAuthStrategy);
    assert(!/Cannot read|undefined/.test(error.message), error.message);
  }
});

Deno.test("SwiftStore: takes authVersion as a number, and refuses names of no container", () => {
  const login = { authAddress: "http://127.0.0.1:1/v3", user: "p:u", key: "k" };
  for (const authVersion of [1, 2, 3, "1", "2", "3"] as const) {
    new SwiftStore("version", { ...login, authVersion });
  }
  for (const container of ["", "a/b", "a".repeat(257)]) {
    assertThrows(() => new SwiftStore("named", { ...login, container }), BadStoreConfiguration);
  }
});

Deno.test("SwiftStore.add: segments of Glance's default size take bounded memory", async () => {
  const sizes: number[] = [];
  await using server = serve(async (request, url) => {
    const { byteLength } = await request.arrayBuffer();
    if (request.method === "PUT" && /\/\d{8}$/.test(url.pathname)) sizes.push(byteLength);
    if (request.method !== "PUT") return new Response(null, { status: 404 });
    return new Response(null, { status: 507 });
  });
  await using store = new SwiftStore("bounded", { ...server.options, largeObjectChunkSize: 200 });
  let sent = 0;
  const chunk = new Uint8Array(4_194_304);
  const data = new ReadableStream<Uint8Array>({
    pull(stream) {
      if ((sent += chunk.length) > 500_000_000) stream.close();
      else stream.enqueue(chunk);
    },
  });
  await assertRejects(() => store.add("a", data), StoreError);
  assert(sizes.length > 0 && Math.max(...sizes) <= 32_768_000, `${sizes}`);
  assert(sent < 300_000_000, `${sent} bytes were read`);
});
