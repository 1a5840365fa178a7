/**
 * Reading through proxies: the configured one that forwards, and one that does wrong.
 *
 * @module
 */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { EgressDenied, RemoteServiceUnavailable, StoreError } from "@vitrine/vitrine";
import { HttpStore } from "@vitrine/vitrine/http";
import { assertBytes, pattern } from "../../conformance/data.ts";
import { faultProxy } from "../faults/proxy.ts";
import { correctResponse, FaultServer, written } from "../faults/server.ts";
import { latin1, WireReader, WireServer, writeAll } from "../faults/wire.ts";
import { serviceTest } from "../services/mod.ts";

/** A proxy that wants a password, and leads every host to `target`. */
function forwardProxy(target: string, seen: string[]): WireServer {
  const [hostname, port] = target.split(":") as [string, string];
  return new WireServer(async (client) => {
    const request = await new WireReader(client).request();
    if (request === undefined) return;
    const authorization = request.headers.get("proxy-authorization");
    seen.push(`${request.method} ${request.target} ${request.headers.get("authorization")}`);
    if (authorization !== `Basic ${btoa("me:p@ss")}`) {
      const refusal = "407 Proxy Authentication Required";
      return await writeAll(client, latin1(`HTTP/1.1 ${refusal}\r\nContent-Length: 0\r\n\r\n`));
    }
    using server = await Deno.connect({ hostname, port: Number(port) });
    if (request.method === "CONNECT") {
      await writeAll(client, latin1("HTTP/1.1 200 Connected\r\n\r\n"));
      // Where one side ends, both do.
      return await Promise.race([
        client.readable.pipeTo(server.writable, { preventClose: true }),
        server.readable.pipeTo(client.writable, { preventClose: true }),
      ]);
    }
    await writeAll(server, latin1(request.head));
    await server.readable.pipeTo(client.writable, { preventClose: true }).catch(() => {});
  });
}

Deno.test("HttpStore: goes through a proxy, which finds the host by itself", async () => {
  const image = { data: pattern(200_000), headers: { etag: '"1"' } };
  await using server = new FaultServer((request) => {
    const target = new URL(request.target).pathname;
    return { bytes: written(correctResponse({ ...request, target }, image)) };
  });
  const seen: string[] = [];
  await using proxy = forwardProxy(new URL(server.url).host, seen);
  const proxyInformation = { http: `me:p%40ss@${proxy.host}` };
  const allowedHosts = ["images.invalid"];
  await using store = new HttpStore("web", { proxyInformation, allowedHosts, retries: 0 });
  const { stream } = await store.get("http://you:own@images.invalid/dir/a.img?x");
  assertBytes(await new Response(stream).bytes(), image.data);
  assertEquals(seen, [`GET http://images.invalid/dir/a.img?x Basic ${btoa("you:own")}`]);
  await assertRejects(() => store.get("http://10.0.0.1/a.img"), EgressDenied);

  await using denied = new HttpStore("web", {
    proxyInformation: { http: proxy.host },
    allowedHosts,
    retries: 0,
  });
  await assertRejects(() => denied.get("http://images.invalid/a.img"), StoreError, "407");
});

serviceTest(
  "HttpStore: https goes through a proxy's tunnel, verified to its end",
  "nginx",
  async ({ nginx }) => {
    const name = `proxied-${crypto.randomUUID()}.img`;
    const path = `${nginx["root"]}/${name}`;
    const data = pattern(300_000);
    await Deno.writeFile(path, data, { mode: 0o644 });
    try {
      const url = new URL(nginx["tlsUrl"]!);
      const seen: string[] = [];
      await using proxy = forwardProxy(`127.0.0.1:${url.port}`, seen);
      const options = {
        baseUrl: url.href,
        caCertificatesFile: nginx["caFile"]!,
        proxyInformation: { https: `http://me:p%40ss@${proxy.host}` },
        retries: 0,
      };
      await using store = new HttpStore("site", options);
      const { stream } = await store.get(name);
      assertBytes(await new Response(stream).bytes(), data);
      assertEquals(seen[0], `CONNECT localhost:${url.port} null`);

      await using wrongName = new HttpStore("site", {
        ...options,
        baseUrl: `https://elsewhere.invalid:${url.port}/`,
      });
      const error = await assertRejects(() => wrongName.get(name), RemoteServiceUnavailable);
      assertEquals((error as RemoteServiceUnavailable).retryable, false);

      await using denied = new HttpStore("site", {
        ...options,
        proxyInformation: { https: proxy.host },
      });
      await assertRejects(() => denied.get(name), RemoteServiceUnavailable, "407");
    } finally {
      await Deno.remove(path);
    }
  },
);

serviceTest(
  "HttpStore.get: through a proxy that does wrong, the bytes are right or there is an error",
  "nginx",
  async ({ nginx }) => {
    const name = `faulty-${crypto.randomUUID()}.img`;
    const path = `${nginx["root"]}/${name}`;
    const data = pattern(5_000_000);
    await Deno.writeFile(path, data, { mode: 0o644 });
    try {
      let right = 0;
      const faults = new Set<string>();
      for (let seed = 0; seed < 60; seed++) {
        await using proxy = faultProxy(nginx["url"]!, { seed, rate: seed % 3 === 0 ? 0.9 : 0.4 });
        await using store = new HttpStore("site", {
          baseUrl: proxy.url,
          retries: 4,
          retryDelay: 0,
          insecure: seed % 2 === 0,
        });
        const offset = seed % 4 === 0 ? seed * 10_000 : 0;
        try {
          const { stream } = await store.get(name, { offset });
          assertBytes(await new Response(stream).bytes(), data.subarray(offset));
          right++;
        } catch (error) {
          assertInstanceOf(error, StoreError);
        }
        for (const fault of proxy.faults) faults.add(fault.split(": ")[1]!);
      }
      assert(right >= 40, `only ${right} of 60 reads came through`);
      assertEquals(faults.size, 6);
    } finally {
      await Deno.remove(path);
    }
  },
);
