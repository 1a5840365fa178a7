/**
 * Preconditions that a web server judges, and web servers that judge them in a way of their own.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { ImageChanged, Invalid, NotModified, PreconditionFailed } from "@vitrine/vitrine";
import { HttpStore } from "@vitrine/vitrine/http";
import { assertBytes, bytesOf, pattern } from "../../conformance/data.ts";
import { FaultServer, written } from "../faults/server.ts";

const IMAGE = pattern(10_000);
const DATE = new Date("2026-05-01T12:00:00Z");

/** A web server of one image, and what it was asked. */
interface Site {
  store: HttpStore;
  /** Each request: its method, its header fields of preconditions, and the status of its response. */
  seen: { method: string; fields: string[]; status: number }[];
}

/** Returns a response to a request for the image. */
type Respond = (request: Request, index: number) => Response | undefined;

/** The image as a server has it that knows no preconditions. */
function whole({ method }: Request, etag = '"one"'): Response {
  return new Response(method === "HEAD" ? null : IMAGE, {
    headers: { etag, "last-modified": DATE.toUTCString(), "content-length": `${IMAGE.length}` },
  });
}

async function withSite(
  respond: Respond,
  run: (site: Site) => Promise<void>,
): Promise<void> {
  const seen: Site["seen"] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const response = respond(request, seen.length) ?? whole(request);
    const fields = [...request.headers].filter(([name]) => name.startsWith("if-"))
      .map(([name, value]) => `${name}: ${value}`);
    seen.push({ method: request.method, fields, status: response.status });
    return response;
  });
  const baseUrl = `http://127.0.0.1:${server.addr.port}/`;
  await using store = new HttpStore("site", { baseUrl, retries: 0 });
  await run({ store, seen });
}

Deno.test("HttpStore.get: an image that the caller has is one response without a body", async () => {
  await withSite(() => new Response(null, { status: 304 }), async ({ store, seen }) => {
    await assertRejects(() => store.get("disk.raw", { ifNoneMatch: '"one"' }), NotModified, "304");
    await assertRejects(() => store.get("disk.raw", { ifModifiedSince: DATE }), NotModified);
    assertEquals(seen, [
      { method: "GET", fields: ['if-none-match: "one"'], status: 304 },
      { method: "GET", fields: [`if-modified-since: ${DATE.toUTCString()}`], status: 304 },
    ]);
  });
});

Deno.test("HttpStore.get: another image than the one that is expected sends no body", async () => {
  const refuse: Respond = ({ headers }) =>
    headers.has("if-match") ? new Response(null, { status: 412 }) : undefined;
  await withSite(refuse, async ({ store, seen }) => {
    const error = await assertRejects(
      () => store.get("disk.raw", { ifMatch: '"two"', offset: 20_000 }),
      PreconditionFailed,
    );
    assertEquals(
      error.message,
      'site: get disk.raw: the image has "one", and ifMatch is "two"',
    );
    assertEquals(seen[0], { method: "GET", fields: ['if-match: "two"'], status: 412 });
    assertEquals(seen.every(({ status }, i) => i === 0 || status !== 412), true);
  });
});

Deno.test("HttpStore.get: a server that ignores preconditions does not make them hold", async () => {
  await withSite(() => undefined, async ({ store }) => {
    const earlier = new Date(DATE.getTime() - 1000);
    for (const conditions of [{ ifMatch: '"two"' }, { ifUnmodifiedSince: earlier }]) {
      await assertRejects(() => store.get("disk.raw", conditions), PreconditionFailed);
    }
    for (const conditions of [{ ifNoneMatch: 'W/"one"' }, { ifModifiedSince: DATE }]) {
      await assertRejects(() => store.get("disk.raw", conditions), NotModified);
    }
    assertBytes(await bytesOf(store, "disk.raw", { ifNoneMatch: '"two"' }), IMAGE);
  });
});

Deno.test("HttpStore.get: reads from a server that compares entity tags without quotes", async () => {
  const respond: Respond = (request) => {
    const wanted = request.headers.get("if-match");
    return wanted !== null && wanted !== "one"
      ? new Response(null, { status: 412 })
      : whole(request, "one");
  };
  await withSite(respond, async ({ store }) => {
    assertBytes(await bytesOf(store, "disk.raw", { ifMatch: '"one"' }), IMAGE);
  });
});

Deno.test("HttpStore.get: sends what all servers understand alike, and judges the rest", async () => {
  await withSite(() => undefined, async ({ store, seen }) => {
    const cases = [
      [{ ifMatch: "*" }, []],
      [{ ifMatch: '"two", "one"' }, []],
      [{ ifMatch: '"one"', ifUnmodifiedSince: new Date(0) }, ['if-match: "one"']],
      [
        { ifNoneMatch: 'W/"two", "three"', ifModifiedSince: DATE },
        ['if-none-match: W/"two", "three"'],
      ],
      [{ ifNoneMatch: '"zwei-ü€"' }, []],
    ] as const;
    for (const [conditions, fields] of cases) {
      assertBytes(await bytesOf(store, "disk.raw", conditions), IMAGE);
      assertEquals(seen.at(-1)!.fields, [...fields]);
    }
    const count = seen.length;
    await assertRejects(() => store.get("disk.raw", { ifMatch: '"a\r\nx: y"' }), Invalid);
    assertEquals(seen.length, count);
  });
});

Deno.test("HttpStore.get: a read that goes on with another image is ImageChanged", async () => {
  const modified = { "last-modified": DATE.toUTCString() };
  const headers = { etag: '"one"', ...modified, "content-length": `${IMAGE.length}` };
  await using server = new FaultServer((_, index) => ({
    bytes: index === 0
      ? written({ status: "200 OK", headers, body: IMAGE.subarray(0, 5000) })
      : written({ status: "412 Precondition Failed", headers: {}, body: new Uint8Array() }),
  }));
  const options = { baseUrl: `${server.url}/`, retries: 2, retryDelay: 0 };
  await using store = new HttpStore("site", options);
  const { stream } = await store.get("disk.raw", { ifMatch: '"one"' });
  await assertRejects(() => new Response(stream).bytes(), ImageChanged);
  assertEquals(server.requests.length, 2);
});

Deno.test("HttpStore.get: a page sends no preconditions to another origin", async () => {
  const own = Object.getOwnPropertyDescriptor(globalThis, "location");
  await withSite(() => undefined, async ({ store, seen }) => {
    try {
      const location = { origin: "https://images.example.org" };
      Object.defineProperty(globalThis, "location", { value: location, configurable: true });
      await assertRejects(() => store.get("disk.raw", { ifNoneMatch: '"one"' }), NotModified);
    } finally {
      if (own) Object.defineProperty(globalThis, "location", own);
      else Reflect.deleteProperty(globalThis, "location");
    }
    assertEquals(seen[0]!.fields, []);
  });
});
