/**
 * Pages of other origins: what they may read, and what the headers permit.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Invalid, Vfs } from "@vitrine/vitrine";
import { type CorsOptions, handler } from "@vitrine/vitrine/handler";
import { MemoryStore } from "@vitrine/vitrine/memory";

const ORIGIN = "https://app.example";

async function asking(cors: CorsOptions | undefined) {
  const vfs = new Vfs({ s: new MemoryStore("s") });
  await vfs.writeTextFile("/s/a.txt", "hello");
  const serve = handler(vfs, { cors });
  return async (method: string, headers: HeadersInit = {}, path = "/s/a.txt") => {
    const response = await serve(new Request(`http://localhost${path}`, { method, headers }));
    await response.body?.cancel();
    return response;
  };
}

const PREFLIGHT = {
  "origin": ORIGIN,
  "access-control-request-method": "GET",
  "access-control-request-headers": "range",
};

Deno.test("handler, cors: allows no other origin by default", async () => {
  const ask = await asking(undefined);
  const response = await ask("GET", { origin: ORIGIN });
  assertEquals(response.headers.get("access-control-allow-origin"), null);
  assertEquals(response.headers.get("cross-origin-resource-policy"), "same-origin");
  const preflight = await ask("OPTIONS", PREFLIGHT);
  assertEquals([preflight.status, preflight.headers.get("access-control-allow-methods")], [
    204,
    null,
  ]);
});

Deno.test("handler, cors: allows the origins of the list, and exposes what ranges need", async () => {
  const ask = await asking({ origins: [ORIGIN] });
  for (
    const [method, path] of [["GET", "/s/a.txt"], ["HEAD", "/s/"], ["GET", "/s/none"]] as const
  ) {
    const { headers } = await ask(method, { origin: ORIGIN }, path);
    assertEquals(headers.get("access-control-allow-origin"), ORIGIN);
    const exposed = headers.get("access-control-expose-headers")!.split(", ");
    for (
      const name of ["content-range", "accept-ranges", "etag", "content-length", "repr-digest"]
    ) {
      assert(exposed.includes(name), name);
    }
    assert(headers.get("vary")!.split(", ").includes("origin"), headers.get("vary")!);
    assertEquals(headers.get("access-control-allow-credentials"), null);
  }
  const other = await ask("GET", { origin: "https://other.example" });
  assertEquals(other.headers.get("access-control-allow-origin"), null);
  assertEquals(other.headers.get("vary"), "origin");
});

Deno.test("handler, cors: a preflight allows GET and HEAD, and more only where configured", async () => {
  const methods = async (cors: CorsOptions) => {
    const response = await (await asking(cors))("OPTIONS", PREFLIGHT);
    assert(response.headers.get("access-control-allow-headers")!.split(", ").includes("range"));
    return response.headers.get("access-control-allow-methods");
  };
  assertEquals(await methods({ origins: "*" }), "GET, HEAD");
  assertEquals(await methods({ origins: [ORIGIN], methods: ["GET", "PUT"] }), "GET, PUT");
});

Deno.test("handler, cors: credentials only for a list of origins, where configured", async () => {
  const ask = await asking({ origins: [ORIGIN], credentials: true });
  const { headers } = await ask("GET", { origin: ORIGIN });
  assertEquals(headers.get("access-control-allow-credentials"), "true");
  const vfs = new Vfs({ s: new MemoryStore("s") });
  assertThrows(() => handler(vfs, { cors: { origins: "*", credentials: true } }), Invalid);
  assertThrows(() => handler(vfs, { cors: { origins: ["app.example"] } }), Invalid, "no origin");
});

Deno.test("handler, cors: all origins may read and embed with *", async () => {
  const ask = await asking({ origins: "*" });
  const { headers } = await ask("GET", { origin: ORIGIN });
  assertEquals(headers.get("access-control-allow-origin"), "*");
  assertEquals(headers.get("cross-origin-resource-policy"), "cross-origin");
  assertEquals(headers.get("vary"), null);
});
