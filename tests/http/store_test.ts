/**
 * The http store against servers of its own making, where a real one would not show what matters.
 *
 * @module
 */
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  BadStoreConfiguration,
  BadStoreUri,
  ChecksumMismatch,
  EgressDenied,
  Forbidden,
  Invalid,
  InvalidRange,
  loadDriver,
  NotAuthenticated,
  NotFound,
  StoreAddDisabled,
  StoreListNotSupported,
  Vfs,
} from "@vitrine/vitrine";
import { handler } from "@vitrine/vitrine/handler";
import { HttpLocation, type HttpOptions, HttpStore } from "@vitrine/vitrine/http";

type Handler = (request: Request) => Response | Promise<Response>;

async function withSite(
  handler: Handler,
  run: (store: HttpStore, url: string) => Promise<void>,
  options: HttpOptions = {},
): Promise<void> {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
  const url = `http://127.0.0.1:${server.addr.port}/`;
  await using store = new HttpStore("site", { baseUrl: url, retries: 0, ...options });
  await run(store, url);
}

async function names(store: HttpStore, options = {}): Promise<string[]> {
  const entries = await Array.fromAsync(store.list(options));
  return entries.map(({ path, kind }) => kind === "directory" ? `${path}/` : path).sort();
}

Deno.test("HttpLocation: a location is glance_store's URI, its secrets apart", () => {
  for (
    const uri of [
      "http://example.org/images/a.img",
      "https://example.org:8443/a?b=c&d",
      "http://[2606:4700::1111]:8080/a",
      "https://example.org/a%20b%2Fc",
    ]
  ) assertEquals(HttpLocation.parse(uri).uri(), uri);
  const location = HttpLocation.parse("https://me:p%40ss@example.org/a?X-Amz-Signature=abc#part");
  assertEquals(location.uri(), "https://example.org/a?X-Amz-Signature=abc");
  assertEquals(
    location.uri({ credentials: true }),
    "https://me:p%40ss@example.org/a?X-Amz-Signature=abc",
  );
  assertEquals(`${location}`, "https://***@example.org/a?X-Amz-Signature=***");
  assertEquals(location.path, "/a?X-Amz-Signature=***");
  for (
    const uri of ["ftp://h/a", "http:///a", "http://h:x/a", "http://h:99999/", "http://%zz@h/", ""]
  ) {
    assertThrows(() => HttpLocation.parse(uri), BadStoreUri, undefined, uri);
  }
});

Deno.test("HttpLocation.parse: a URI that others would read as one of another host is refused", () => {
  for (
    const uri of ["http://h\\@evil/x", "http://h?@evil/x", "http://h#@evil/x", "http://h\\i/x"]
  ) {
    assertThrows(() => HttpLocation.parse(uri), BadStoreUri, undefined, uri);
  }
  assertEquals(HttpLocation.parse("http://h?a").uri(), "http://h/?a");
});

Deno.test("HttpLocation.parse: no error holds a part of its password", async () => {
  const store = new HttpStore("h");
  for (const password of ["p@ssw0rd", "S3CR'ET", 'S3"ET', "<S3>", "S3 ET", "S3/ET"]) {
    const uri = `http://me:${password}@host:99999/x`;
    const error = await assertRejects(() => store.get(uri), BadStoreUri);
    const text = Deno.inspect(error);
    for (const part of password.match(/\w{2,}/g)!) assert(!text.includes(part), text);
  }
});

Deno.test("HttpStore: with baseUrl an id is a path below it, and nothing else is the store's", async () => {
  const store = new HttpStore("site", { baseUrl: "https://example.org/images" });
  for (
    const [id, path] of [
      ["a.img", "a.img"],
      ["dir/a b.img", "dir/a%20b.img"],
      ["100%.img", "100%25.img"],
      ["%2e%2e", "%252e%252e"],
      ["q?x#y&z.img", "q%3Fx%23y%26z.img"],
      ["c:d.img", "c%3Ad.img"],
      ["ü/日本.iso", "%C3%BC/%E6%97%A5%E6%9C%AC.iso"],
      ["a+b.img", "a%2Bb.img"],
    ] as const
  ) {
    const location = await store.locationOf(id);
    assertEquals(location.uri(), `https://example.org/images/${path}`);
    assertEquals(store.imageIdOf(HttpLocation.parse(location.uri())), id);
  }
  assertEquals(
    store.imageIdOf(HttpLocation.parse("https://example.org/images/%61+b.img")),
    "a+b.img",
  );
  for (
    const uri of [
      "https://example.org/other/a",
      "https://example.org/images",
      "https://example.org/images/",
      "https://example.org/images/a?x",
      "https://example.org/images/a%2Fb",
      "https://example.org/images/..%2fb",
      "https://example.org/images/%2e%2e/b",
      "https://example.org/images/a//b",
      "https://example.org/images/%ff",
      "http://example.org/images/a",
      "https://example.org:444/images/a",
      "https://example.org.evil.org/images/a",
    ]
  ) {
    assertEquals(store.ownsLocation(HttpLocation.parse(uri)), false, uri);
    await assertRejects(() => store.get(uri), BadStoreUri);
  }
});

Deno.test("HttpStore: without baseUrl an image is any URL that the gate lets through", async () => {
  const store = new HttpStore("web");
  const location = HttpLocation.parse("http://10.0.0.1/a");
  assert(store.ownsLocation(location));
  assertEquals(store.imageIdOf(location), undefined);
  await assertRejects(() => store.get(location), EgressDenied);
  await assertRejects(() => store.stat("https://localhost/a"), EgressDenied);
  await assertRejects(() => store.get("a.img"), Invalid);
  await assertRejects(() => names(store), StoreListNotSupported);
  await withSite(() => new Response("hello"), async (_, url) => {
    await using lan = new HttpStore("lan", { allowedNetworks: ["127.0.0.0/8"] });
    const { stream, size } = await lan.get(`${url}a?b=c`);
    assertEquals([await new Response(stream).text(), size], ["hello", 5]);
  });
});

Deno.test("HttpStore: options that make no sense are refused", async () => {
  for (const baseUrl of ["images", "ftp://h/", "http://u:p@h/", "http://h/?x", "http://h/#x"]) {
    const error = assertThrows(() => new HttpStore("x", { baseUrl }), BadStoreConfiguration);
    assertEquals((error as Error).message.includes("u:p"), false);
  }
  const store = new HttpStore("x", { allowedNetworks: ["ten"] });
  await assertRejects(() => store.configure(), BadStoreConfiguration);
  await using missing = new HttpStore("x", {
    baseUrl: "http://127.0.0.1:1/",
    caCertificatesFile: "/nonexistent.pem",
  });
  const error = await assertRejects(() => missing.stat("a"), BadStoreConfiguration);
  assertStringIncludes((error as Error).message, "/nonexistent.pem");
});

Deno.test("HttpStore: the driver is found by its name, and only reads", async () => {
  assertEquals(await loadDriver("http"), HttpStore);
  const store = new HttpStore("site", { baseUrl: "http://127.0.0.1:1/" });
  assertEquals(store.describe(), ["read", "read-offset", "read-chunk", "reusable", "list"]);
  await assertRejects(() => store.add("a", new Uint8Array(1)), StoreAddDisabled);
});

Deno.test("HttpStore.stat: gives what a HEAD gives", async () => {
  await withSite(({ method }) => {
    assertEquals(method, "HEAD");
    return new Response(new Uint8Array(1234), {
      headers: {
        etag: '"v1"',
        "last-modified": "Sat, 01 Nov 2025 10:00:00 GMT",
        "content-type": "application/x-iso9660-image",
        "repr-digest": `md5=:eA==:, sha-256=:${btoa("\x01".repeat(32))}:`,
      },
    });
  }, async (store) => {
    const { location, ...stat } = await store.stat("a.img");
    assertEquals(location.imageId, "a.img");
    assertEquals(stat, {
      size: 1234,
      etag: '"v1"',
      modified: new Date("2025-11-01T10:00:00Z"),
      contentType: "application/x-iso9660-image",
      multihash: { algo: "sha256", value: "01".repeat(32) },
    });
  });
});

Deno.test("HttpStore.stat: sends a GET of one byte where HEAD is refused or gives no size", async () => {
  for (
    const head of [
      new Response(null, { status: 405 }),
      new Response(null, { status: 501 }),
      new Response(null, { status: 403 }),
      new Response(new ReadableStream(), { headers: { etag: '"v1"' } }),
    ]
  ) {
    const asked: string[] = [];
    await withSite((request) => {
      if (!request.url.endsWith("/a.img")) return new Response(null, { status: 404 });
      asked.push(`${request.method} ${request.headers.get("range")}`);
      if (request.method === "HEAD") return head;
      return new Response("x", {
        status: 206,
        headers: { etag: '"v1"', "content-range": "bytes 0-0/5000" },
      });
    }, async (store) => {
      const { size, etag } = await store.stat("a.img");
      assertEquals([size, etag], [5000, '"v1"']);
    });
    assertEquals(asked, ["HEAD null", "GET bytes=0-0"]);
  }
});

Deno.test("HttpStore.stat: an empty image, of one that ignores ranges, of one of unknown size", async () => {
  const responses: [() => Response, number | undefined][] = [
    [() => new Response(null, { status: 416, headers: { "content-range": "bytes */0" } }), 0],
    [() => new Response("hello"), 5],
    [() => new Response(new ReadableStream()), undefined],
  ];
  for (const [response, expected] of responses) {
    await withSite(({ method, url }) => {
      if (!url.endsWith("/a.img")) return new Response(null, { status: 404 });
      return method === "HEAD" ? new Response(null, { status: 405 }) : response();
    }, async (store) => {
      assertEquals(await store.getSize("a.img"), expected);
    });
  }
});

Deno.test("HttpStore.get: responses that are no image become the errors of a store", async () => {
  for (
    const [status, error] of [[401, NotAuthenticated], [403, Forbidden], [404, NotFound], [
      410,
      NotFound,
    ]] as const
  ) {
    await withSite(() => new Response("<html>not here</html>", { status }), async (store) => {
      await assertRejects(() => store.get("a.img"), error, "site: get a.img: ");
      await assertRejects(() => store.stat("a.img"), error, "site: stat a.img: ");
    });
  }
});

Deno.test("HttpStore.get: a range at the end is empty, one past it is an error, also without Content-Range", async () => {
  for (const sizeKnown of [true, false]) {
    await withSite(({ method }) => {
      if (method === "HEAD") return new Response(new Uint8Array(10));
      const headers = new Headers(sizeKnown ? { "content-range": "bytes */10" } : {});
      return new Response(null, { status: 416, headers });
    }, async (store) => {
      const { stream, size, total } = await store.get("a.img", { offset: 10 });
      assertEquals([await new Response(stream).text(), size, total], ["", 0, 10]);
      await assertRejects(() => store.get("a.img", { offset: 11 }), InvalidRange);
    });
  }
});

Deno.test("HttpStore.get: credentials go to their own site", async () => {
  const seen: (string | null)[] = [];
  await withSite(({ headers }) => {
    seen.push(headers.get("authorization"));
    return new Response("x");
  }, async (store, url) => {
    await store.get("a.img").then(({ stream }) => stream.cancel());
    for (const userinfo of ["you:p%40ss", "ü:é"]) {
      const own = HttpLocation.parse(`${url}a.img`.replace("://", `://${userinfo}@`));
      await store.get(own).then(({ stream }) => stream.cancel());
    }
  }, { user: "me", password: "s3cret:with:colons" });
  assertEquals(seen, [
    `Basic ${btoa("me:s3cret:with:colons")}`,
    `Basic ${btoa("you:p@ss")}`,
    "Basic w7w6w6k=",
  ]);
});

Deno.test("HttpStore: no error shows a password or a signature", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  await withSite(() => new Response(null, { status: 500 }), async (_, url) => {
    const options = { retries: 0, allowedNetworks: ["127.0.0.0/8"] };
    for (const insecure of [false, true]) {
      await using store = new HttpStore("web", { ...options, insecure });
      for (const origin of [url, `http://127.0.0.1:${port}/`, "http://10.0.0.1/"]) {
        const uri = `${origin}a?X-Amz-Signature=hunter2&token=hunter2`.replace(
          "://",
          "://me:hunter2@",
        );
        const error = await assertRejects(() => store.get(uri));
        assertEquals(Deno.inspect(error).includes("hunter2"), false, Deno.inspect(error));
      }
    }
  });
});

// The files are what Apache 2.4 showed: without FancyIndexing, with it and IconsAreLinks, as HTMLTable.
Deno.test("HttpStore.list: indexes of Apache, in each of its formats", async () => {
  for (const kind of ["plain", "fancy", "table"]) {
    const html = await Deno.readTextFile(new URL(`./indexes/apache-${kind}.txt`, import.meta.url));
    await withSite(({ url }) => {
      assertEquals(new URL(url).pathname, `/${kind}/d/`);
      return new Response(html, { headers: { "content-type": "text/html;charset=UTF-8" } });
    }, async (store) => {
      assertEquals(await names(store, { directory: `${kind}/d` }), [
        `${kind}/d/a b.iso`,
        `${kind}/d/big.qcow2`,
        `${kind}/d/c:d.img`,
        `${kind}/d/empty`,
        `${kind}/d/q?&<">#%41.img`,
        `${kind}/d/sub/`,
        `${kind}/d/ü.img`,
      ]);
    });
  }
});

Deno.test("HttpStore.list: an index lists what is right below, by whatever means links lead there", async () => {
  const html = `<html><head><title>Index of /</title></head><body>
    <a href="?C=N">sort</a> <a href="/">root</a> <a href="../">up</a> <a href="./">here</a>
    <a href="https://example.org/x.img">away</a> <a href="//example.org/y.img">away</a>
    <a href="a.img">a</a> <a class="again" href="./a.img">a</a> <a href="/b.img">b</a>
    <a href="d/">d</a> <a href="d/e.img">deep</a> <a href="c.img#x">part</a> <a href="c.img?x">query</a>
    <a href="%2e%2e%2fetc">out</a> <a href="%ff.img">no text</a> <a href="x%00y">nul</a>
    <a href="javascript:alert(1)">script</a> <a href="http://[">no URL</a>
    </body></html>`;
  await withSite(
    () => new Response(html, { headers: { "content-type": "text/html" } }),
    async (store) => assertEquals(await names(store), ["a.img", "b.img", "d/"]),
  );
});

Deno.test("HttpStore.list: a line of a JSON index without a date or a size is an entry without them", async () => {
  const lines = [
    { mtime: "Mon, 23 Nov 2026 17:42:00 GMT", size: 3 },
    { size: -1 },
    { mtime: "lately", size: "3" },
    { mtime: null, size: 1.5 },
    { mtime: 7, size: 2 ** 60 },
  ];
  const index = lines.map((line, i) => ({ name: `${i}.img`, type: "file", ...line }));
  await withSite(() => Response.json(index), async (store) => {
    const entries = await Array.fromAsync(store.list());
    const listed = entries.map(({ path, size, modified }) => [path, size, modified?.toISOString()]);
    assertEquals(listed, [
      ["0.img", 3, "2026-11-23T17:42:00.000Z"],
      ...["1.img", "2.img", "3.img", "4.img"].map((path) => [path, undefined, undefined]),
    ]);
    const serve = handler(new Vfs({ site: store }));
    const headers = { accept: "text/html" };
    const page = await (await serve(new Request("http://localhost/site/", { headers }))).text();
    assertEquals(page.match(/<tr><td>/g)!.length, 5);
  });
});

Deno.test("HttpStore.list: a page that is no index, or not whole, is not taken for a directory", async () => {
  for (
    const html of [
      "<html><title>Welcome</title><a href='a.img'>a</a></html>",
      '<html><title>Index of /</title><a href="a.img">a</a>',
    ]
  ) {
    await withSite(
      ({ url }) =>
        url.endsWith("SHA256SUMS")
          ? new Response(null, { status: 404 })
          : new Response(html, { headers: { "content-type": "text/html" } }),
      async (store) => {
        await assertRejects(() => names(store), StoreListNotSupported);
      },
    );
  }
  await withSite(() => new Response(null, { status: 403 }), async (store) => {
    await assertRejects(() => names(store), StoreListNotSupported);
  });
  await withSite(() => new Response(null, { status: 404 }), async (store) => {
    assertEquals(await names(store), []);
  });
});

const HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const ZEROS = "0".repeat(64);

Deno.test("SHA256SUMS: names where there is no index, digests in stat, and verification", async () => {
  const sums = [
    "-----BEGIN PGP SIGNED MESSAGE-----",
    `${HELLO} *good.img`,
    `${ZEROS}  ./bad.img`,
    `SHA256 (sub/deep.img) = ${HELLO.toUpperCase()}`,
    `\\${HELLO}  back\\\\slash.img`,
    `${HELLO}  ../outside.img`,
    `${HELLO.slice(1)}  short.img`,
  ].join("\n");
  let asked = 0;
  await withSite(({ url }) => {
    const { pathname } = new URL(url);
    if (pathname === "/SHA256SUMS") {
      asked++;
      return new Response(sums);
    }
    if (pathname.endsWith("/") || pathname.endsWith("SHA256SUMS")) {
      return new Response(null, { status: 404 });
    }
    return new Response("hello");
  }, async (store) => {
    assertEquals(await names(store), ["bad.img", "good.img", "sub/"]);
    assertEquals(await names(store, { recursive: true }), ["bad.img", "good.img", "sub/deep.img"]);
    asked = 0;
    const { multihash } = await store.stat("good.img");
    assertEquals(multihash, { algo: "sha256", value: HELLO });
    const { stream } = await store.get("good.img", { verify: true });
    assertEquals(await new Response(stream).text(), "hello");
    const bad = await store.get("bad.img", { verify: true });
    await assertRejects(() => new Response(bad.stream).text(), ChecksumMismatch);
    assertEquals((await store.stat("none.img")).multihash, undefined);
    await assertRejects(() => store.get("none.img", { verify: true }), Invalid);
    assertEquals(asked, 1);
    assertEquals((await store.stat("dir/a.img")).multihash, undefined);
  });
});

Deno.test("HttpStore.get: a stream that is cancelled lets go of its connection", async () => {
  const gone = Promise.withResolvers<void>();
  await withSite(() =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
        cancel: () => gone.resolve(),
      }),
    ), async (store) => {
    const { stream } = await store.get("a.img");
    const reader = stream.getReader();
    await reader.read();
    await reader.cancel();
    await gone.promise;
  });
});
