/**
 * What servers do with representations: codings, lengths, redirects to mirrors.
 *
 * @module
 */
import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { BackendException, ImageChanged, RemoteServiceUnavailable } from "@vitrine/vitrine";
import { type HttpOptions, HttpStore } from "@vitrine/vitrine/http";
import { assertBytes, pattern } from "../../conformance/data.ts";
import { correctResponse, FaultServer, type RawResponse, written } from "../faults/server.ts";
import { latin1, type RawRequest } from "../faults/wire.ts";

/** Both ways of sending requests: an option that `fetch` does not have needs `node:http`. */
const ENGINES: Record<string, HttpOptions> = { fetch: {}, node: { insecure: true } };

/** Reads at most 1 MiB at once, so that much of an image is delivered before a break. */
async function readAll(store: HttpStore, name: string, view = 4_194_304): Promise<Uint8Array> {
  const { stream } = await store.get(name);
  const reader = stream.getReader({ mode: "byob" });
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (;;) {
    const { value, done } = await reader.read(new Uint8Array(view));
    if (done || !value) break;
    parts.push(value);
  }
  return await new Response(new Blob(parts)).bytes();
}

function engineTest(name: string, run: (options: HttpOptions) => Promise<void>): void {
  for (const [engine, options] of Object.entries(ENGINES)) {
    const all = { retries: 5, retryDelay: 1, idleTimeout: 5_000, ...options };
    Deno.test(`${name} (${engine})`, () => run(all));
  }
}

async function gzip(text: string): Promise<Uint8Array> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return await new Response(stream).bytes();
}

engineTest(
  "HttpStore.get, stat: a stored coding is no reason to decode or to refuse",
  async (options) => {
    const data = await gzip("an image".repeat(10_000));
    const headers = {
      etag: '"1"',
      "content-encoding": "gzip",
      "content-type": "application/x-raw",
    };
    await using server = new FaultServer((request) => ({
      bytes: written(correctResponse(request, { data, headers })),
    }));
    await using store = new HttpStore("web", { baseUrl: server.url, ...options });
    assertEquals((await store.stat("a.raw.gz")).size, data.length);
    assertBytes(await readAll(store, "a.raw.gz"), data);
    const { stream } = await store.get("a.raw.gz", { offset: 10, length: 20 });
    assertBytes(await new Response(stream).bytes(), data.subarray(10, 30));
    for (const { headers } of server.requests) {
      assertEquals(
        headers.get("accept-encoding"),
        "identity",
      );
    }
  },
);

engineTest(
  "HttpStore.list: an index that comes encoded is decoded, within its limit",
  async (options) => {
    const index = await gzip(JSON.stringify([{ name: "a.iso", type: "file", size: 5 }]));
    const bomb = await gzip(" ".repeat(100_000_000));
    await using server = new FaultServer(({ target }) => ({
      bytes: written({
        status: "200 OK",
        headers: {
          "content-type": "application/json",
          "content-encoding": "gzip",
          "content-length": `${(target === "/" ? index : bomb).length}`,
        },
        body: target === "/" ? index : bomb,
      }),
    }));
    await using store = new HttpStore("web", { baseUrl: server.url, ...options });
    const paths = [];
    for await (const { path, size } of store.list()) paths.push([path, size]);
    assertEquals(paths, [["a.iso", 5]]);
    await assertRejects(() => Array.fromAsync(store.list({ directory: "bomb" })), BackendException);
  },
);

Deno.test("HttpStore.get: Transfer-Encoding overrides Content-Length, or is an error", async () => {
  const bodies = [
    "Content-Length: 3\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 3",
    "Transfer-Encoding: chunked\r\nContent-Length: 300",
  ];
  for (const options of Object.values(ENGINES)) {
    for (const lengths of bodies) {
      await using server = new FaultServer(({ method, headers }) => {
        const range = headers.get("range") === "bytes=0-4";
        const status = range ? "206 Partial Content" : "200 OK";
        const contentRange = range ? "Content-Range: bytes 0-4/5\r\n" : "";
        const body = method === "HEAD" ? "" : "5\r\nhello\r\n0\r\n\r\n";
        return { bytes: latin1(`HTTP/1.1 ${status}\r\n${contentRange}${lengths}\r\n\r\n${body}`) };
      });
      await using store = new HttpStore("web", { baseUrl: server.url, retries: 0, ...options });
      for (const range of [{}, { offset: 0, length: 5 }]) {
        const text = await store.get("a.img", range)
          .then(({ stream }) => new Response(stream).text())
          .catch((error) => assertInstanceOf(error, BackendException));
        assertEquals(text ?? "hello", "hello");
      }
    }
  }
});

/** A server that redirects each read to a mirror, the first of which breaks after so many bytes. */
function mirrors(
  data: Uint8Array,
  cut: (target: string, index: number) => number | undefined,
  etagOf: (target: string) => string | undefined = (target) => `"${target}"`,
): FaultServer {
  let redirects = 0;
  return new FaultServer((request, index) => {
    const { target, method } = request;
    if (target === "/a.img") {
      const location = `/mirror${redirects++}/a.img`;
      return {
        bytes: written({
          status: "302 Found",
          headers: { location, "content-length": "0" },
          body: new Uint8Array(),
        }),
      };
    }
    const etag = etagOf(target);
    const response: RawResponse = correctResponse(request, { data, headers: etag ? { etag } : {} });
    const bytes = written(response);
    const after = method === "GET" ? cut(target, index) : undefined;
    const head = bytes.length - response.body.length;
    return { bytes: after === undefined ? bytes : bytes.subarray(0, head + after) };
  });
}

const targets = (server: FaultServer) => server.requests.map(({ target }: RawRequest) => target);

engineTest(
  "readRange: resumes at the URL that responded, not at the redirector",
  async (options) => {
    const data = pattern(500_000);
    let cuts = 0;
    await using server = mirrors(data, () => cuts++ < 3 ? 120_000 : undefined);
    await using store = new HttpStore("web", { baseUrl: server.url, ...options });
    assertBytes(await readAll(store, "a.img", 50_000), data);
    assertEquals(targets(server), ["/a.img", ...Array(4).fill("/mirror0/a.img")]);
  },
);

/** The first mirror breaks, and then accepts requests but sends nothing of the body. */
const firstGone = (target: string, index: number) =>
  target.startsWith("/mirror0") ? index === 1 ? 120_000 : 0 : undefined;

engineTest("readRange: goes back to the redirector when the mirror is gone", async (options) => {
  const data = pattern(500_000);
  const cut = firstGone;
  await using same = mirrors(data, cut, () => '"one for all"');
  await using store = new HttpStore("web", { baseUrl: same.url, ...options });
  assertBytes(await readAll(store, "a.img", 50_000), data);
  assertEquals(targets(same), [
    ...["/a.img", "/mirror0/a.img"],
    ...["/mirror0/a.img", "/a.img", "/mirror1/a.img"],
  ]);

  // Of another mirror's representation nothing may follow what was delivered.
  await using other = mirrors(data, cut);
  await using mixed = new HttpStore("web", { baseUrl: other.url, ...options });
  await assertRejects(() => readAll(mixed, "a.img", 50_000), ImageChanged);
});

engineTest(
  "readRange: with nothing delivered yet, another mirror of the same size will do",
  async (options) => {
    const data = pattern(500_000);
    await using server = mirrors(data, firstGone);
    await using store = new HttpStore("web", { baseUrl: server.url, ...options });
    assertBytes(await readAll(store, "a.img"), data);
  },
);

engineTest("readRange: bodies that end every 60 KB still make progress", async (options) => {
  const data = pattern(400_000);
  await using server = new FaultServer((request) => {
    const response = correctResponse(request, { data, headers: { etag: '"1"' } });
    const bytes = written(response);
    return { bytes: bytes.subarray(0, bytes.length - Math.max(0, response.body.length - 60_000)) };
  });
  await using store = new HttpStore("web", { baseUrl: server.url, ...options, retries: 3 });
  assertBytes(await readAll(store, "a.img"), data);
});

engineTest(
  "readRange: a body that breaks on a server without ranges says what broke",
  async (options) => {
    await using server = new FaultServer(({ method }) => {
      const head = 'HTTP/1.1 200 OK\r\nETag: "1"\r\nTransfer-Encoding: chunked\r\n\r\n';
      return { bytes: latin1(head + (method === "HEAD" ? "" : "5\r\nhello\r\n")) };
    });
    await using store = new HttpStore("web", { baseUrl: server.url, ...options });
    const { stream } = await store.get("a.img");
    const reader = stream.getReader({ mode: "byob" });
    await reader.read(new Uint8Array(5));
    await assertRejects(
      () => reader.read(new Uint8Array(5)),
      RemoteServiceUnavailable,
      "the read broke after 5 bytes",
    );
  },
);

engineTest("redirects: a Location in raw UTF-8 is read as UTF-8", async (options) => {
  const data = pattern(100);
  await using server = new FaultServer((request) => {
    if (request.target === "/a.img") {
      const utf8 = new TextEncoder().encode(
        "HTTP/1.1 302 Found\r\nLocation: /bücher/ä.img\r\nContent-Length: 0\r\n\r\n",
      );
      return { bytes: utf8 };
    }
    return { bytes: written(correctResponse(request, { data, headers: {} })) };
  });
  await using store = new HttpStore("web", { baseUrl: server.url, ...options });
  assertBytes(await readAll(store, "a.img"), data);
  assertEquals(server.requests[1]!.target, "/b%C3%BCcher/%C3%A4.img");
});
