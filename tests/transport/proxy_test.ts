/**
 * Proxies: which requests go through one, whatever engine sends them.
 *
 * @module
 */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BadStoreConfiguration, EgressDenied } from "@vitrine/vitrine";
import { HttpStore } from "@vitrine/vitrine/http";
import { S3Store } from "@vitrine/vitrine/s3";
import { SwiftStore } from "@vitrine/vitrine/swift";
import { EgressGate, Transport } from "../../transport/mod.ts";
import { ProxyRules } from "../../transport/proxy_rules.ts";
import { forwardProxy } from "../faults/forward_proxy.ts";

const NAMES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUEST_METHOD"]
  .flatMap((name) => [name, name.toLowerCase()]);

/** Runs a test with these variables of the environment and no other one about proxies. */
async function withEnvironment(
  variables: Record<string, string>,
  run: () => void | Promise<void>,
): Promise<void> {
  const before = NAMES.map((name) => [name, Deno.env.get(name)] as const);
  try {
    for (const name of NAMES) Deno.env.delete(name);
    for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
    await run();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
}

/** The host and port of the proxy for a URL, or `direct`. */
function proxyOf(url: string, rules: ProxyRules = new ProxyRules()): string {
  const proxy = rules.proxyFor(new URL(url));
  return proxy ? `${proxy.host}:${proxy.port}` : "direct";
}

Deno.test("ProxyRules: reads the environment as curl does", async () => {
  await withEnvironment(
    { HTTP_PROXY: "http://up:1", http_proxy: "low:2", ALL_PROXY: "all:3" },
    () => {
      assertEquals(proxyOf("http://a.example/"), "low:2");
      assertEquals(proxyOf("https://a.example/"), "all:3");
    },
  );
  await withEnvironment({ HTTP_PROXY: "http://up:1", https_proxy: "[::1]:4" }, () => {
    assertEquals(proxyOf("http://a.example/"), "up:1");
    assertEquals(proxyOf("https://a.example/"), "::1:4");
  });
  // A CGI program gets HTTP_PROXY from its client.
  await withEnvironment({ HTTP_PROXY: "http://up:1", REQUEST_METHOD: "GET" }, () => {
    assertEquals(proxyOf("http://a.example/"), "direct");
  });
  await withEnvironment(
    { http_proxy: "" },
    () => assertEquals(proxyOf("http://a.example/"), "direct"),
  );
});

Deno.test("ProxyRules: NO_PROXY excludes names with what is below them, addresses and networks", async () => {
  const excluded =
    "localhost, .corp.example intra.example.,10.0.0.0/8,192.0.2.7,[2001:db8::]/32 ::1";
  await withEnvironment({ HTTP_PROXY: "http://p:1", NO_PROXY: excluded }, () => {
    for (
      const host of [
        ...["localhost", "corp.example", "a.corp.example", "intra.example", "x.intra.example."],
        ...["10.1.2.3", "192.0.2.7", "[2001:db8::5]", "[::1]", "LOCALHOST"],
      ]
    ) assertEquals(proxyOf(`http://${host}/`), "direct", host);
    for (const host of ["xcorp.example", "11.1.2.3", "192.0.2.8", "[2001:db9::5]", "example"]) {
      assertEquals(proxyOf(`http://${host}/`), "p:1", host);
    }
    assertEquals(proxyOf("http://10.1.1.1/", new ProxyRules({ proxy: "q:2" })), "direct");
  });
  await withEnvironment({ HTTP_PROXY: "http://p:1", no_proxy: "*" }, () => {
    assertEquals(proxyOf("http://a.example/"), "direct");
  });
});

Deno.test("ProxyRules: the option comes before the environment, and an empty one means direct", async () => {
  await withEnvironment({ HTTP_PROXY: "http://p:1" }, () => {
    assertEquals(proxyOf("http://a.example/", new ProxyRules({ proxy: "http://q:2" })), "q:2");
    assertEquals(proxyOf("https://a.example/", new ProxyRules({ proxy: "q" })), "q:80");
    assertEquals(proxyOf("http://a.example/", new ProxyRules({ proxy: "" })), "direct");
    const rules = new ProxyRules({ proxies: { https: "me:p%40ss@r:3" } });
    assertEquals(proxyOf("http://a.example/", rules), "p:1");
    assertEquals(rules.proxyFor(new URL("https://a.example/")), {
      host: "r",
      port: "3",
      authorization: `Basic ${btoa("me:p@ss")}`,
    });
  });
});

Deno.test("HttpStore: a bad proxy is refused when a store is created, without its password", async () => {
  const bad = ["socks5://h:1", "https://h:1", "http://", "http://h:1/path", "http://u:secret@h:x"];
  await withEnvironment({}, () => {
    for (const proxy of bad) {
      for (
        const create of [
          () => new HttpStore("web", { proxy }),
          () => new HttpStore("web", { proxyInformation: { http: proxy } }),
          () => new S3Store("s3", { host: "http://h", bucket: "b", proxy }),
          () => new SwiftStore("swift", { authAddress: "http://h/", user: "u:v", key: "k", proxy }),
        ]
      ) {
        const error = assertThrows(create, BadStoreConfiguration, "proxy");
        assertEquals(error.message.includes("secret"), false, error.message);
      }
    }
  });
  await withEnvironment({ HTTP_PROXY: "socks5://u:secret@h:1" }, async () => {
    await using store = new HttpStore("web", { baseUrl: "http://images.test/", retries: 0 });
    const error = await assertRejects(
      () => store.get("a.img"),
      BadStoreConfiguration,
      "HTTP_PROXY",
    );
    assertEquals((error as Error).message.includes("secret"), false);
  });
});

Deno.test("Transport: every request goes through the proxy of the environment, whatever engine sends it", async () => {
  await using server = Deno.serve({ port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    await request.arrayBuffer();
    if (pathname !== "/moved") return new Response("hello");
    const { port } = new URL(request.url);
    return Response.redirect(`http://other.test:${port}/a`);
  });
  const { port } = server.addr;
  await using proxy = forwardProxy("me:pass");
  await withEnvironment({ HTTP_PROXY: `http://me:pass@${proxy.host}` }, async () => {
    const gate = new EgressGate({ hosts: ["images.test", "other.test"], allowPrivate: true });
    for (const options of [{}, { insecure: true }]) {
      const transport = new Transport({ ...options, gate, retries: 0 });
      const requests: [string, Uint8Array<ArrayBuffer> | undefined, boolean][] = [
        ["small", undefined, true],
        ["judged", undefined, false],
        ["upload", new Uint8Array(1_000_000), true],
        ["moved", undefined, true],
      ];
      for (const [path, body, trusted] of requests) {
        const method = body ? "PUT" : "GET";
        const url = `http://images.test:${port}/${path}`;
        const response = await transport.send({ url, method, body, trusted });
        assertEquals(await response.text(), "hello");
      }
      await transport.close();
    }
  });
  const lines = [
    `GET http://images.test:${port}/small`,
    `GET http://images.test:${port}/judged`,
    `PUT http://images.test:${port}/upload`,
    `GET http://images.test:${port}/moved`,
    `GET http://other.test:${port}/a`,
  ];
  assertEquals(proxy.lines, [...lines, ...lines]);
});

Deno.test("EgressGate: through a proxy a name passes only if the configuration names it", async () => {
  await using proxy = forwardProxy();
  await withEnvironment({}, async () => {
    const read = async (url: string, gate: EgressGate) => {
      const transport = new Transport({ gate, proxy: proxy.host, retries: 0 });
      try {
        return await transport.send({ url, accept: [200] });
      } finally {
        await transport.close();
      }
    };
    const denied: [string, EgressGate][] = [
      ["http://images.example/", new EgressGate()],
      ["http://images.example/", new EgressGate({ hosts: ["*"] })],
      ["http://images.example/", new EgressGate({ hosts: ["other.example"] })],
      ["http://10.0.0.1/", new EgressGate()],
      ["http://169.254.169.254/", new EgressGate({ hosts: ["*"] })],
    ];
    for (const [url, gate] of denied) await assertRejects(() => read(url, gate), EgressDenied);
    assertEquals(proxy.lines, []);
    for (
      const gate of [
        new EgressGate({ hosts: ["closed.test"] }),
        new EgressGate({ hosts: ["*.test"] }),
        new EgressGate({ allowPrivate: true }),
      ]
    ) await assertRejects(() => read("http://closed.test:1/", gate));
    assertEquals(proxy.lines.length, 3);
  });
});
