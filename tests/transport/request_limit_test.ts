/**
 * How many requests are under way at one server at the same time.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Transport } from "../../transport/mod.ts";

/** A server that counts the requests that are under way, and holds each for a while. */
class CountingServer implements AsyncDisposable {
  /** The most requests that were under way at once. */
  most = 0;
  /** How many requests are under way. */
  #count = 0;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly connections = new Set<number>();

  constructor(hold: () => Promise<void>) {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async (request, { remoteAddr }) => {
        this.connections.add(remoteAddr.port);
        this.most = Math.max(this.most, ++this.#count);
        await request.arrayBuffer();
        await hold();
        this.#count--;
        return new Response(request.method === "GET" ? "text" : null);
      },
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** The two ways out: `fetch`, and `node:http`, which takes large bodies. */
for (const [engine, size] of Object.entries({ fetch: 10, node: 100_000 })) {
  Deno.test(`Transport.send: 64 uploads of 4 parts share one limit of connections (${engine})`, async () => {
    await using server = new CountingServer(async () => {
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve));
    });
    const body = new Uint8Array(size);
    // Each of a store of its own.
    const transports = Array.from({ length: 64 }, () => new Transport());
    const send = async (transport: Transport, part: number) => {
      const url = `${server.url}/${part}`;
      const request = { method: "PUT", url, body, trusted: true };
      await (await transport.send(request)).release();
    };
    await Promise.all(
      transports.flatMap((transport) => [1, 2, 3, 4].map((part) => send(transport, part))),
    );
    await Promise.all(transports.map((transport) => transport.close()));
    assertEquals(server.most, 64);
  });
}

Deno.test("Transport.send: bodies that are being read take no place of other requests", async () => {
  await using server = new CountingServer(() => Promise.resolve());
  const transport = new Transport({ requests: 1 });
  const get = { url: server.url, trusted: true };
  const open = [await transport.send(get), await transport.send(get)];
  // As a copy inside one server does.
  const put = { ...get, method: "PUT", body: new Uint8Array(10) };
  await (await transport.send(put)).release();
  assertEquals(server.most, 1);
  for (const response of open) assertEquals(await response.text(), "text");
  await transport.close();
});

Deno.test("Transport.send: an abort ends the wait for a turn, and the others go on", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => release = resolve);
  await using server = new CountingServer(() => held);
  const transport = new Transport({ requests: 1 });
  const request = { method: "PUT", url: server.url, body: new Uint8Array(10), trusted: true };
  const first = transport.send(request);
  const controller = new AbortController();
  const aborted = transport.send({ ...request, signal: controller.signal });
  const last = transport.send(request);
  controller.abort(new Error("the test's abort"));
  await assertRejects(() => aborted, Error, "the test's abort");
  release();
  for (const response of [await first, await last]) await response.release();
  assertEquals(server.most, 1);
  assert(server.connections.size <= 2);
  await transport.close();
});
