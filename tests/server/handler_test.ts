/**
 * The handler: directories, digests, writing, errors.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertThrows, fail } from "@std/assert";
import {
  BackendException,
  type ByteRange,
  type DriverStat,
  Forbidden,
  type ImageReader,
  Invalid,
  NotAuthenticated,
  openStores,
  type OperationOptions,
  RemoteServiceUnavailable,
  StorageFull,
  TimeoutError,
  Vfs,
} from "@vitrine/vitrine";
import { handler, type HandlerOptions } from "@vitrine/vitrine/handler";
import { HttpStore } from "@vitrine/vitrine/http";
import { type MemoryLocation, MemoryStore } from "@vitrine/vitrine/memory";
import { observedBody } from "../../server/http/body.ts";
import { replaceMethods } from "../store/replace_methods.ts";

const HELLO_SHA256 = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
/** Accepts nothing but JSON. */
const JSON_ONLY = { headers: { accept: "application/json" } };
const OTHER_SHA256 = btoa("x".repeat(32));
const HELLO_SHA512 =
  "m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw==";

/** Counts what it is asked and can be reported to misbehave. */
class Watched extends MemoryStore {
  asked: string[] = [];
  failure: Error | undefined;
  change: Partial<DriverStat & ImageReader> = {};

  constructor(name: string) {
    super(name);
    replaceMethods(this.driver, (driver) => ({
      statImage: async (
        location: MemoryLocation,
        options: OperationOptions,
      ): Promise<DriverStat> => {
        this.asked.push("stat");
        if (this.failure) throw this.failure;
        return await driver.statImage(location, options);
      },
      openRead: async (
        location: MemoryLocation,
        range: ByteRange,
        options: OperationOptions,
      ): Promise<ImageReader> => {
        this.asked.push("open");
        if (this.failure) throw this.failure;
        const { size, total, etag, modified, read, close } = await driver.openRead(
          location,
          range,
          options,
        );
        return { size, total, etag, modified, read, close, ...this.change };
      },
    }));
  }
}

class Undigested extends Watched {
  static override readonly CAPABILITIES = MemoryStore.CAPABILITIES & ~(1 << 15);
}

/** A store that has digests, and no entity tag. */
class Untagged extends Watched {
  constructor(name: string) {
    super(name);
    replaceMethods(this.driver, (driver) => ({
      statImage: async (
        location: MemoryLocation,
        options: OperationOptions,
      ): Promise<DriverStat> => {
        return { ...await driver.statImage(location, options), etag: undefined };
      },
    }));
  }
}

class Rangeless extends Watched {
  static override readonly CAPABILITIES = 0b1001;
}

async function served(
  options: HandlerOptions = {},
  store: Watched = new Watched("s"),
) {
  const vfs = new Vfs({ s: store });
  await vfs.writeTextFile("/s/dir/a.txt", "hello");
  store.asked = [];
  const serve = handler(vfs, options);
  return {
    vfs,
    store,
    ask: (path: string, init: RequestInit = {}) =>
      serve(new Request(`http://localhost${path}`, init)),
  };
}

const TOKEN = { writeToken: "open sesame" };
const AUTHORIZED = { authorization: "Bearer open sesame" };

Deno.test("handler: GET sends an image with its validators, type and digest", async () => {
  const { ask } = await served();
  const response = await ask("/s/dir/a.txt");
  assertEquals(response.status, 200);
  const { headers } = response;
  assertEquals(headers.get("content-type"), "text/plain; charset=utf-8");
  assertEquals(headers.get("content-length"), "5");
  assertEquals(headers.get("etag"), '"5d41402abc4b2a76b9719d911017c592"');
  assertEquals(headers.get("repr-digest"), `sha-512=:${HELLO_SHA512}:`);
  assertEquals(headers.get("x-content-type-options"), "nosniff");
  assertEquals(headers.get("content-security-policy"), "sandbox");
  assertEquals(await response.text(), "hello");
  const head = await ask("/s/dir/a.txt", { method: "HEAD" });
  for (const [name, value] of headers) assertEquals(head.headers.get(name), value, name);
  assertEquals(head.body, null);
});

Deno.test("handler: a range has the fields that the whole image has", async () => {
  const { ask } = await served();
  const whole = await ask("/s/dir/a.txt");
  const part = await ask("/s/dir/a.txt", {
    headers: { "range": "bytes=1-3", "want-repr-digest": "sha-512=1" },
  });
  for (const [name, value] of whole.headers) {
    if (name !== "content-length") assertEquals(part.headers.get(name), value, name);
  }
  assertEquals(await part.text(), "ell");
});

Deno.test("handler: opens an image once where that shows its validators", async () => {
  for (
    const [store, headers] of [
      [new Undigested("s"), {}],
      [new Undigested("s"), { range: "bytes=1-3" }],
      [new Watched("s"), { range: "bytes=1-3" }],
      [new Watched("s"), { range: "bytes=3-" }],
    ] as const
  ) {
    const { ask } = await served({}, store);
    const response = await ask("/s/dir/a.txt", { headers });
    await response.body?.cancel();
    assert(response.headers.has("etag") && response.headers.has("last-modified"));
    assert(!response.headers.has("repr-digest"));
    assertEquals(store.asked, ["open"]);
  }
});

Deno.test("handler: reads what opening an image does not show", async () => {
  const { ask, store } = await served({}, new Undigested("s"));
  for (const change of [{ etag: undefined }, { modified: undefined }, { total: undefined }]) {
    store.change = change;
    const response = await ask("/s/dir/a.txt", { headers: { range: "bytes=1-3" } });
    assertEquals(response.status, 206);
    assertEquals(response.headers.get("content-range"), "bytes 1-3/5");
    assert(response.headers.has("etag") && response.headers.has("last-modified"));
    assertEquals(await response.text(), "ell");
  }
});

Deno.test("handler: sends the whole image of a store without ranges", async () => {
  const { ask } = await served({}, new Rangeless("s"));
  const response = await ask("/s/dir/a.txt", { headers: { range: "bytes=1-3" } });
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("accept-ranges"), "none");
  assertEquals(await response.text(), "hello");
});

Deno.test("handler: sends an image of unknown size whole, without a length", async () => {
  const { ask, store } = await served({}, new Undigested("s"));
  store.change = { size: undefined, total: undefined };
  replaceMethods(store["driver"], (driver) => ({
    statImage: async (...args) => ({ ...await driver.statImage(...args), size: undefined }),
  }));
  for (const range of ["bytes=1-3", "bytes=-2", "bytes=0-0,4-4"]) {
    const response = await ask("/s/dir/a.txt", { headers: { range } });
    assertEquals([response.status, response.headers.get("content-length")], [200, null]);
    assertEquals(await response.text(), "hello");
  }
});

Deno.test("handler: refuses an image that is replaced between stat and get", async () => {
  const { ask, store } = await served();
  store.change = { etag: '"new"' };
  for (
    const headers of [
      {},
      { "range": "bytes=0-1", "want-repr-digest": "sha-512=1" },
      { range: "bytes=-1" },
      { "if-none-match": '"x"' },
    ] as HeadersInit[]
  ) {
    const response = await ask("/s/dir/a.txt", { headers });
    assertEquals(response.status, 503);
    await response.body?.cancel();
  }
});

Deno.test("handler: a multipart body opens one range at a time, and closes all when cancelled", async () => {
  const { ask, vfs, store } = await served();
  await vfs.writeFile("/s/big", new Uint8Array(1000));
  let closed = 0;
  store.change = { close: () => (closed++, Promise.resolve()) };
  store.asked = [];
  const response = await ask("/s/big", { headers: { range: "bytes=0-9,500-509,900-909" } });
  // What shows whether there are ranges at all is open before the headers go out.
  assertEquals(store.asked, ["stat", "open"]);
  const reader = response.body!.getReader();
  await reader.read();
  assertEquals(store.asked, ["stat", "open"]);
  await reader.read();
  assertEquals(store.asked, ["stat", "open", "open"]);
  await reader.cancel();
  assertEquals(store.asked.length, 3);
  assert(closed >= 2, `${closed} of the two open ranges were closed`);
});

Deno.test("handler: a multipart body that fails, or that nobody reads, closes all ranges", async () => {
  const { ask, vfs, store } = await served();
  await vfs.writeFile("/s/big", new Uint8Array(1000));
  let closed = 0;
  const broken = () => Promise.reject(new BackendException("the disk was pulled out"));
  store.change = { read: broken, close: () => (closed++, Promise.resolve()) };
  const big = () => ask("/s/big", { headers: { range: "bytes=0-9,500-509,900-909" } });
  await assertRejects(async () => await (await big()).bytes(), BackendException);
  assertEquals(closed, 2);
  await (await big()).body!.cancel();
  assertEquals(closed, 3);
  store.failure = new RemoteServiceUnavailable("it is away");
  assertEquals((await big()).status, 503);
});

Deno.test("handler: sends the whole image of an origin that ignores ranges", async () => {
  const data = crypto.getRandomValues(new Uint8Array(1000));
  await using origin = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response(data, { headers: { etag: '"v1"' } }),
  );
  const baseUrl = `http://127.0.0.1:${origin.addr.port}/`;
  await using vfs = new Vfs({ web: new HttpStore("web", { baseUrl, retries: 0 }) });
  const serve = handler(vfs);
  for (
    const headers of [
      { "range": "bytes=500-" },
      { "range": "bytes=-5" },
      { "range": "bytes=500-509", "if-range": '"v1"' },
      { "range": "bytes=0-1,500-501" },
      { "range": "bytes=500-501,0-1" },
    ] as HeadersInit[]
  ) {
    const response = await serve(new Request("http://localhost/web/a", { headers }));
    assertEquals([response.status, response.headers.get("accept-ranges")], [200, "none"]);
    assertEquals(response.headers.get("content-range"), null);
    assertEquals(await response.bytes(), data);
  }
});

Deno.test("handler: a multipart body that waits for its backend is closed at once", async () => {
  const { ask, store } = await served();
  const reading = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  store.change = {
    read: () => {
      reading.resolve();
      return new Promise(() => {});
    },
    close: () => Promise.resolve(closed.resolve()),
  };
  await store.add("big", new Uint8Array(1000));
  const response = await ask("/s/big", { headers: { range: "bytes=0-9,500-509" } });
  const reader = response.body!.getReader();
  await reader.read();
  const pending = reader.read();
  await reading.promise;
  await reader.cancel();
  await closed.promise;
  assertEquals((await pending).done, true);
});

Deno.test("handler: the media type is that of what was stored, and never one that runs", async () => {
  const { ask, vfs } = await served();
  const SVG = `<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>`;
  for (
    const [name, text, type] of [
      ["page.html", "<!DOCTYPE html><script>alert(1)</script>", "text/plain; charset=utf-8"],
      ["page.xml", "<html xmlns='http://www.w3.org/1999/xhtml'/>", "text/plain; charset=utf-8"],
      ["picture.html", "GIF89a\x20\0\x10\0", "image/gif"],
      ["picture.svg", SVG, "image/svg+xml"],
      ["active.svg", SVG.replace("<path", "<path onload='x()'"), "application/octet-stream"],
      ["none.svg", "no picture", "application/octet-stream"],
      ["disk.png", "KDMV\x01\0\0\0", "application/x-virtualbox-vmdk"],
    ] as const
  ) {
    await vfs.writeTextFile(`/s/kinds/${name}`, text);
    for (const method of ["HEAD", "GET"]) {
      const response = await ask(`/s/kinds/${name}`, { method });
      assertEquals([name, response.headers.get("content-type")], [name, type]);
      assertEquals(response.headers.get("x-content-type-options"), "nosniff");
      await response.body?.cancel();
    }
    const range = await ask(`/s/kinds/${name}`, { headers: { range: "bytes=0-1" } });
    await range.body?.cancel();
    assert(!/html|svg|xml/.test(range.headers.get("content-type")!) || name === "picture.svg");
  }
});

Deno.test("handler: the media type is that of the extension", async () => {
  const { ask, vfs } = await served();
  for (
    const [name, type] of [
      ["a.qcow2", "application/x-qemu-disk"],
      ["a.iso", "application/vnd.efi.iso"],
      ["A.PNG", "image/png"],
      ["a.raw", "application/octet-stream"],
      ["png", "application/octet-stream"],
      ["a.tar.gz", "application/gzip"],
      ["a.constructor", "application/octet-stream"],
      ["d.png/a", "application/octet-stream"],
    ] as const
  ) {
    await vfs.writeTextFile(`/s/types/${name}`, "x");
    const response = await ask(`/s/types/${name}`, { method: "HEAD" });
    assertEquals(response.headers.get("content-type"), type, name);
  }
});

Deno.test("handler: a directory is a page, or JSON in nginx's form, by Accept", async () => {
  const { ask, vfs } = await served();
  await vfs.writeTextFile("/s/b.iso", "bb");
  for (
    const [accept, type] of [
      ["", "text/html; charset=utf-8"],
      ["*/*", "text/html; charset=utf-8"],
      ["application/json", "application/json"],
      ["application/json, */*;q=0.1", "application/json"],
      ["text/html", "text/html; charset=utf-8"],
      [
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "text/html; charset=utf-8",
      ],
      ["text/html;q=0.5, application/json;q=0.6", "application/json"],
      ["application/json;q=0.1, text/*", "text/html; charset=utf-8"],
      ["text/html;q=0", "text/html; charset=utf-8"],
      ["image/png", "text/html; charset=utf-8"],
    ] as const
  ) {
    const response = await ask("/s/", { headers: { accept } });
    assertEquals(response.headers.get("content-type"), type, accept);
    assertEquals(response.headers.get("vary"), "accept");
    await response.body?.cancel();
  }
  const listed = await (await ask("/s/", JSON_ONLY)).json();
  assertEquals(listed.map(({ name, type, size }: Record<string, unknown>) => [name, type, size]), [
    ["dir", "directory", undefined],
    ["b.iso", "file", 2],
  ]);
  assert(listed[1].mtime.endsWith(" GMT"));
  assertEquals(await (await ask("/", JSON_ONLY)).json(), [{ name: "s", type: "directory" }]);
});

Deno.test("handler: evaluates preconditions of a directory, which has no entity tag", async () => {
  const { ask } = await served();
  for (
    const [name, value, there, missing] of [
      ["if-match", "*", 200, 404],
      ["if-match", '"v1"', 412, 404],
      ["if-none-match", "*", 304, 404],
      ["if-none-match", '"v1"', 200, 404],
      ["if-modified-since", "Tue, 15 Nov 1994 12:45:26 GMT", 200, 404],
    ] as const
  ) {
    for (const method of ["GET", "HEAD"]) {
      for (
        const [path, status] of [["/s/dir/", there], ["/", there], ["/s/no/", missing]] as const
      ) {
        const response = await ask(path, { method, headers: { [name]: value } });
        await response.body?.cancel();
        assertEquals(response.status, status, `${method} ${path} ${name}: ${value}`);
      }
    }
  }
});

Deno.test("handler: a page escapes its names and links to its entries", async () => {
  const { ask, vfs } = await served();
  const name = `<b>&"'javascript:x%2e?#.iso`;
  await vfs.writeTextFile(`/s/<i>/${name}`, "odd");
  const response = await ask("/s/%3Ci%3E/", { headers: { accept: "text/html" } });
  const page = await response.text();
  assert(!page.includes("<b>") && !page.includes("<i>"), page);
  assert(page.includes("&lt;b&gt;&amp;&quot;&#39;javascript:x%2e?#.iso"));
  const links = [...page.matchAll(/<td><a href="([^"]+)"/g)].map(([, link]) => link!);
  assertEquals(links.length, 1);
  const target = new URL(links[0]!, "http://localhost/s/%3Ci%3E/");
  assertEquals(await (await ask(target.pathname)).text(), "odd");
  assert(!/<script|\son\w+=/i.test(page));
});

Deno.test("handler: lists a directory of 1,201 names whole and in one order", async () => {
  const { ask, vfs } = await served();
  const expected = Array.from({ length: 1200 }, (_, i) => `n${String(i).padStart(4, "0")}`);
  for (const name of expected.toReversed()) await vfs.writeTextFile(`/s/many/${name}`, "");
  await vfs.writeTextFile("/s/many/a/b", "");
  const listed = await (await ask("/s/many/", JSON_ONLY)).json();
  assertEquals(listed.map(({ name }: { name: string }) => name), ["a", ...expected]);
  const page = await (await ask("/s/many/")).text();
  const links = [...page.matchAll(/<td><a href="([^"]+)"/g)].map(([, link]) => link!);
  assertEquals(links, ["a/", ...expected]);
  assertEquals((await ask("/s/none/")).status, 404);
  const empty = handler(new Vfs({ e: new MemoryStore("e") }));
  assertEquals(await (await empty(new Request("http://localhost/e/", JSON_ONLY))).json(), []);
});

Deno.test("handler: redirects GET, HEAD and conditional requests of a directory to its slash, relatively", async () => {
  const { ask } = await served();
  for (const [path, location] of [["/s", "s/?x=1"], ["/s/dir", "dir/?x=1"]] as const) {
    for (const method of ["GET", "HEAD"]) {
      for (
        const headers of [{}, { "if-none-match": "*" }, { "if-match": '"x"' }] as HeadersInit[]
      ) {
        const response = await ask(`${path}?x=1`, { method, headers, redirect: "manual" });
        assertEquals(response.status, 307, `${method} ${path} ${JSON.stringify(headers)}`);
        assertEquals(response.headers.get("location"), location);
      }
    }
  }
  const head = await ask("/s/", { method: "HEAD" });
  assertEquals([head.status, await head.text()], [200, ""]);
});

Deno.test("handler: decodes the URL's path once, and then validates it", async () => {
  const { ask, vfs } = await served();
  await vfs.writeTextFile("/s/100%25 ü.txt", "x");
  assertEquals((await ask("/s/100%2525%20%C3%BC.txt")).status, 200);
  for (
    const path of [
      "/s/..%2f..%2fetc/passwd",
      "/s/%5c..%5cx",
      "/s/a%00",
      "/s//a",
      "/s/a%0ab",
      "/s/%ff",
      "/s/%",
      "//s/a",
    ]
  ) assertEquals((await ask(path)).status, 400, path);
  assertEquals((await ask("/s/%252e%252e/a")).status, 404);
  assertEquals((await ask("/nowhere/a")).status, 404);
});

Deno.test("handler: refuses PUT and DELETE without writeToken", async () => {
  const { ask, vfs } = await served();
  for (const method of ["PUT", "DELETE", "POST", "PATCH"]) {
    const response = await ask("/s/dir/a.txt", { method, headers: AUTHORIZED });
    assertEquals([response.status, response.headers.get("allow")], [405, "GET, HEAD, OPTIONS"]);
  }
  assert(await vfs.exists("/s/dir/a.txt"));
  assertThrows(() => handler(vfs, { writeToken: "" }), Invalid, "empty");
});

Deno.test("handler: PUT and DELETE need the whole token", async () => {
  const { ask, vfs } = await served(TOKEN);
  for (
    const [authorization, challenge] of [
      [undefined, "Bearer"],
      ["Basic open sesame", "Bearer"],
      ["Bearer", "Bearer"],
      ["Bearer open", 'Bearer error="invalid_token"'],
      ["Bearer open sesame!", 'Bearer error="invalid_token"'],
      ["Bearer Open sesame", 'Bearer error="invalid_token"'],
    ] as const
  ) {
    for (const method of ["PUT", "DELETE"]) {
      const headers: HeadersInit = authorization === undefined ? {} : { authorization };
      const response = await ask("/s/dir/a.txt", { method, headers });
      assertEquals(response.status, 401);
      assertEquals(response.headers.get("www-authenticate"), challenge);
    }
  }
  assert(await vfs.exists("/s/dir/a.txt"));
});

Deno.test("handler: PUT adds an image and returns its digests", async () => {
  const { ask, vfs } = await served(TOKEN);
  const put = (path: string, body: BodyInit | null, headers: HeadersInit = {}) =>
    ask(path, { method: "PUT", body, headers: { ...AUTHORIZED, ...headers } });
  const response = await put("/s/new/a%20b", "hello");
  assertEquals(response.status, 201);
  assertEquals(response.headers.get("location"), "a%20b");
  const { path, size, checksum, multihash } = await response.json();
  assertEquals([path, size, multihash.algo], ["/s/new/a b", 5, "sha512"]);
  assertEquals(response.headers.get("etag"), `"${checksum}"`);
  assertEquals(await vfs.readTextFile("/s/new/a b"), "hello");
  assertEquals((await put("/s/empty", null)).status, 201);
  assertEquals((await vfs.stat("/s/empty")).size, 0);
});

Deno.test("handler: all methods have one entity tag, also where a digest is used as one", async () => {
  const store = new Untagged("s");
  store.change = { etag: undefined };
  const { ask } = await served(TOKEN, store);
  const put = await ask("/s/b", { method: "PUT", body: "hello", headers: AUTHORIZED });
  const get = await ask("/s/b");
  await get.body?.cancel();
  const etag = get.headers.get("etag")!;
  assertEquals(etag, put.headers.get("etag"));
  const remove = async (headers: Record<string, string>) =>
    (await ask("/s/b", { method: "DELETE", headers: { ...AUTHORIZED, ...headers } })).status;
  assertEquals(await remove({ "if-none-match": etag }), 412);
  assertEquals(await remove({ "if-match": '"another"' }), 412);
  assertEquals(await remove({ "if-match": etag }), 204);
});

Deno.test("handler: PUT is 201 although reading the entity tag fails", async () => {
  const { ask, store } = await served(TOKEN);
  const body = new ReadableStream({
    pull(controller) {
      store.failure = new RemoteServiceUnavailable("it is away");
      controller.close();
    },
  }, { highWaterMark: 0 });
  const response = await ask("/s/b", { method: "PUT", body, headers: AUTHORIZED });
  assertEquals([response.status, response.headers.get("etag")], [201, null]);
  store.failure = undefined;
  assertEquals((await ask("/s/b")).status, 200);
});

Deno.test("handler: PUT never replaces an image, nor a directory", async () => {
  const { ask, vfs } = await served(TOKEN);
  for (
    const [path, headers, status] of [
      ["/s/dir/a.txt", {}, 409],
      ["/s/dir/a.txt", { "if-none-match": "*" }, 412],
      ["/s/dir/", {}, 400],
      ["/s", {}, 400],
      ["/nowhere/x", {}, 404],
      ["/s/x/..%2fy", {}, 400],
      ["/s/x", { "content-range": "bytes 0-4/5" }, 400],
      ["/s/x", { "content-encoding": "gzip" }, 415],
    ] as const
  ) {
    const response = await ask(path, {
      method: "PUT",
      body: "other",
      headers: { ...AUTHORIZED, ...headers },
    });
    assertEquals(response.status, status, path);
  }
  assertEquals(await vfs.readTextFile("/s/dir/a.txt"), "hello");
  assertEquals(await vfs.exists("/s/x"), false);
});

Deno.test("handler: of two PUTs at once one is 201 and the other 412", async () => {
  const { ask } = await served(TOKEN);
  const put = () =>
    ask("/s/race", {
      method: "PUT",
      body: "x",
      headers: { ...AUTHORIZED, "if-none-match": "*" },
    });
  const statuses = (await Promise.all([put(), put(), put()])).map(({ status }) => status).sort();
  assertEquals(statuses, [201, 412, 412]);
});

Deno.test("handler: PUT checks Content-Length, Content-Digest and Repr-Digest", async () => {
  const { ask, vfs } = await served(TOKEN);
  const put = (headers: HeadersInit) =>
    ask("/s/x", { method: "PUT", body: "hello", headers: { ...AUTHORIZED, ...headers } });
  for (
    const headers of [
      { "content-length": "4" },
      { "content-length": "6" },
      { "content-digest": `sha-256=:${HELLO_SHA512}:` },
      { "content-digest": `sha-512=:${HELLO_SHA256}:` },
      { "repr-digest": `sha-512=:${btoa("x".repeat(64))}:` },
      { "repr-digest": `sha-256=:${btoa("x".repeat(32))}:` },
      { "repr-digest": `sha-512=:${HELLO_SHA512}:, sha-256=:${OTHER_SHA256}:` },
      {
        "content-digest": `sha-256=:${HELLO_SHA256}:`,
        "repr-digest": `sha-512=:${btoa("x".repeat(64))}:`,
      },
      {
        "content-digest": `sha-256=:${OTHER_SHA256}:`,
        "repr-digest": `sha-256=:${HELLO_SHA256}:`,
      },
      { "content-digest": "sha-256=nonsense" },
      { "content-digest": "sha-256=:a:" },
    ] as HeadersInit[]
  ) {
    assertEquals((await put(headers)).status, 400, JSON.stringify(headers));
    assertEquals(await vfs.exists("/s/x"), false);
  }
  for (
    const headers of [
      { "content-length": "5" },
      { "content-digest": `sha-256=:${HELLO_SHA256}:` },
      { "repr-digest": `sha-512=:${HELLO_SHA512}:, sha-256=:${HELLO_SHA256}:` },
      {
        "content-digest": `sha-256=:${HELLO_SHA256}:`,
        "repr-digest": `sha-256=:${HELLO_SHA256}:`,
      },
      { "content-digest": `unixsum=:${btoa("x")}:` },
    ] as HeadersInit[]
  ) {
    assertEquals((await put(headers)).status, 201, JSON.stringify(headers));
    await vfs.remove("/s/x");
  }
});

Deno.test("handler: PUT of an image that the store's policy refuses is 422", async () => {
  const vfs = new Vfs({ s: new MemoryStore("s", { accept: "qcow2" }) });
  const request = new Request("http://localhost/s/new", {
    method: "PUT",
    body: "hello",
    headers: AUTHORIZED,
  });
  const response = await handler(vfs, TOKEN)(request);
  assertEquals(response.status, 422);
  assert((await response.text()).includes("qcow2"));
  assertEquals(await vfs.exists("/s/new"), false);
});

Deno.test("handler: PUT with a body that fails leaves nothing", async () => {
  const { ask, vfs } = await served(TOKEN);
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array(10));
      controller.error(new Error("the line went dead"));
    },
  });
  const response = await ask("/s/x", { method: "PUT", body, headers: AUTHORIZED });
  assertEquals(response.status, 502);
  assertEquals(await vfs.exists("/s/x"), false);
});

Deno.test("handler: DELETE removes an image, and no directory", async () => {
  const { ask, vfs } = await served(TOKEN);
  const remove = async (path: string) =>
    (await ask(path, { method: "DELETE", headers: AUTHORIZED })).status;
  assertEquals([await remove("/s/dir"), await remove("/s/dir/"), await remove("/s")], [
    400,
    400,
    400,
  ]);
  assertEquals(await remove("/s/dir/a.txt"), 204);
  assertEquals(await remove("/s/dir/a.txt"), 404);
  assertEquals(await vfs.exists("/s/dir/a.txt"), false);
});

for (
  const [failure, status, retryAfter] of [
    [new Forbidden("tenant 7 may not read s3://key:hunter2@10.0.0.1/b"), 403, null],
    [new NotAuthenticated("10.0.0.1 refused hunter2"), 502, null],
    [new BackendException("10.0.0.1 said hunter2"), 502, null],
    [new RemoteServiceUnavailable("10.0.0.1 is away", { retryAfter: 1500 }), 503, "2"],
    [new TimeoutError("10.0.0.1 took too long"), 504, null],
    [new StorageFull("10.0.0.1 is full"), 507, null],
    [new Error("a bug in 10.0.0.1"), 502, null],
  ] as const
) {
  Deno.test(`handler: ${failure.name} is ${status}, and the response says nothing of the backend`, async () => {
    const reported: unknown[] = [];
    const { ask, store } = await served({ onError: (error) => reported.push(error) });
    store.failure = failure;
    for (const headers of [{}, { range: "bytes=0-1" }, { "if-none-match": '"x"' }]) {
      const response = await ask("/s/dir/a.txt", { headers: headers as HeadersInit });
      assertEquals(response.status, status);
      assertEquals(response.headers.get("retry-after"), retryAfter);
      const text = await response.text();
      assert(!/hunter2|10\.0\.0\.1/.test(text) && text.trim().split("\n").length === 1, text);
    }
    assertEquals(reported.length, 3);
    assert((reported[0] as Error).message.includes("10.0.0.1"));
  });
}

Deno.test("handler: a body that fails after its headers fails, and onError is called", async () => {
  const reported: [unknown, string][] = [];
  const { ask, store } = await served({
    onError: (error, request) => reported.push([error, request.headers.get("range") ?? ""]),
  });
  await store.add("big", new Uint8Array(3 << 20));
  const failure = new BackendException("the disk was pulled out");
  store.change = { read: () => Promise.reject(failure) };
  for (const range of ["", "bytes=5-", "bytes=0-9,500-509"]) {
    const response = await ask("/s/big", { headers: { range } });
    assertEquals([response.status, reported.length], [range === "" ? 200 : 206, 0]);
    await assertRejects(() => response.bytes(), BackendException);
    const [[error, of]] = reported.splice(0) as [[BackendException, string]];
    assertEquals([error.detail, of], ["the disk was pulled out", range]);
  }
  let count = 1500;
  replaceMethods(store["driver"], () => ({
    listImages: async function* () {
      for (let i = 0; i < count; i++) yield { path: `${i}`, kind: "image" };
      throw failure;
    },
  }));
  // A listing of this size is read before its status is sent.
  const listing = await ask("/s/");
  assertEquals([listing.status, reported.length], [502, 1]);
  count = 60_000;
  const large = await ask("/s/");
  assertEquals([large.status, reported.length], [200, 1]);
  await assertRejects(() => large.text(), BackendException);
  assertEquals(reported.length, 2);
});

Deno.test("observedBody: cancelling is no failure", async () => {
  const reported: unknown[] = [];
  const silent = new ReadableStream<Uint8Array<ArrayBuffer>>();
  const reader = observedBody(silent, (error) => reported.push(error)).getReader();
  const read = reader.read();
  await reader.cancel();
  assertEquals((await read).done, true);
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(reported, []);
});

Deno.test("observedBody: passes all bytes on, and cancels its source", async () => {
  const { ask, store } = await served({ onError: (error) => fail(String(error)) });
  const data = crypto.getRandomValues(new Uint8Array(65_536));
  await store.add("big", new Blob(Array(40).fill(data)));
  assertEquals((await (await ask("/s/big")).bytes()).length, 40 * 65_536);
  const closed = Promise.withResolvers<void>();
  store.change = { close: () => Promise.resolve(closed.resolve()) };
  const part = await ask("/s/big", { headers: { range: "bytes=5-" } });
  assertEquals(part.headers.get("content-length"), `${40 * 65_536 - 5}`);
  await part.body!.cancel();
  await closed.promise;
});

Deno.test("handler: a store that failed is 500, and the others go on", async () => {
  const stores = await openStores({
    stores: { good: { driver: "memory" }, bad: { driver: "floppy" } },
  }, { env: {} });
  await stores.add("a", new Blob(["x"]), { backend: "good" });
  const serve = handler(new Vfs(stores));
  const status = async (path: string) =>
    (await serve(new Request(`http://localhost${path}`))).status;
  assertEquals([await status("/bad/a"), await status("/bad/"), await status("/good/a")], [
    500,
    500,
    200,
  ]);
});
