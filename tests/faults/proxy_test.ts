/**
 * The proxy that does wrong does what it says, and repeats it.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Fault, faultProxy } from "./proxy.ts";

/** A server that responds with what it was sent. */
function echo(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => new Response(await request.bytes(), { headers: { etag: '"a"' } }),
  );
}

async function through(fault: Fault | undefined, body: Uint8Array<ArrayBuffer>): Promise<Response> {
  await using server = echo();
  const faults = fault ? [fault] : [];
  await using proxy = faultProxy(`http://127.0.0.1:${server.addr.port}`, {
    seed: 1,
    rate: fault ? 1 : 0,
    faults,
  });
  const response = await fetch(`${proxy.url}/x`, { method: "POST", body });
  const copy = new Response(await response.arrayBuffer(), response);
  assertEquals(proxy.faults, faults.map((fault) => `POST /x: ${fault}`));
  return copy;
}

const body = new Uint8Array(100_000).fill(7);

Deno.test("fault proxy: passes on what it does not damage", async () => {
  for (const fault of [undefined, "delay", "duplicate"] as const) {
    assertEquals(await (await through(fault, body)).bytes(), body);
  }
});

Deno.test("fault proxy: refuse, lose and cut end the connection", async () => {
  for (const fault of ["refuse", "lose", "cut"] as const) {
    await assertRejects(() => through(fault, body), TypeError);
  }
});

Deno.test("fault proxy: error is 500 or 503", async () => {
  const response = await through("error", body);
  assert([500, 503].includes(response.status));
});

Deno.test("fault proxy: damage and garble change one byte", async () => {
  for (const fault of ["damage", "garble"] as const) {
    const bytes = await (await through(fault, body)).bytes();
    assertEquals(bytes.length, body.length);
    assertEquals(bytes.filter((byte) => byte !== 7).length, 1);
  }
});

Deno.test("fault proxy: etag changes the ETag", async () => {
  assertEquals((await through("etag", body)).headers.get("etag"), '"-"');
});

Deno.test("fault proxy: a seed repeats its faults", async () => {
  await using server = echo();
  const runs = [];
  for (const seed of [5, 5, 6]) {
    await using proxy = faultProxy(`http://127.0.0.1:${server.addr.port}`, { seed, rate: 0.5 });
    for (let index = 0; index < 20; index++) {
      await fetch(`${proxy.url}/${index}`).then((response) => response.body?.cancel(), () => {});
    }
    runs.push([...proxy.faults]);
  }
  assertEquals(runs[0], runs[1]);
  assert(runs[0]!.length > 2);
  assert(runs[0]!.join() !== runs[2]!.join());
});
