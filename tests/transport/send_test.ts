/**
 * Requests: what is sent again and how, where redirects lead, what is let go of.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import {
  BackendException,
  EgressDenied,
  NotFound,
  RemoteServiceUnavailable,
  StorageFull,
  TimeoutError,
} from "@vitrine/vitrine";
import {
  EgressGate,
  type HttpRequest,
  Transport,
  type TransportOptions,
} from "../../transport/mod.ts";
import { assertBytes, pattern } from "../../conformance/data.ts";
import { WireReader, WireServer, writeAll } from "../faults/wire.ts";

const encode = (text: string) => new TextEncoder().encode(text);

type Handler = (request: Request, index: number) => Response | Promise<Response>;

/** A real server, and a transport that knows no long waits. */
async function withServer(
  handler: Handler,
  run: (url: string, transport: Transport) => Promise<void>,
  options: TransportOptions = {},
): Promise<void> {
  let index = 0;
  const transport = new Transport({ minDelay: 0, retries: 3, ...options });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    try {
      return await handler(request, index++);
    } finally {
      // A body that is left unread would be the next request's trouble.
      if (!request.bodyUsed) await request.body?.cancel();
    }
  });
  try {
    await run(`http://127.0.0.1:${server.addr.port}`, transport);
  } finally {
    await transport.close();
    await server.shutdown();
  }
}

/** The two ways out: `fetch`, and `node:http`, which an option makes the only one. */
for (const [engine, special] of Object.entries({ fetch: {}, node: { insecure: true } })) {
  const engineTest = (name: string, fn: () => Promise<void>) =>
    Deno.test(`${name} (${engine})`, fn);

  engineTest(
    "Transport.send: no runtime sends again what has a connection of its own",
    async () => {
      const methods: string[] = [];
      await using server = new WireServer(async (connection) => {
        const reader = new WireReader(connection);
        for (let request = await reader.request(); request; request = await reader.request()) {
          methods.push(request.method);
          // A response to the first deletion is lost.
          if (methods.filter((method) => method === "DELETE").length === 1) return;
          await writeAll(connection, encode("HTTP/1.1 204 No Content\r\n\r\n"));
        }
      });
      const transport = new Transport({ minDelay: 0, retries: 1, ...special });
      let attempts = 0;
      const url = `http://${server.host}/a.img`;
      // A connection that is kept, and that a runtime thinks is still there.
      await (await transport.send({ url, trusted: true })).release();
      await (await transport.send({
        ...{ url, method: "DELETE", trusted: true, ownConnection: true },
        prepare: () => void attempts++,
      })).release();
      await transport.close();
      assertEquals(attempts, 2);
      assertEquals(methods, ["GET", "DELETE", "DELETE"]);
    },
  );

  engineTest("Transport.send: what has ended on a kept connection is not sent again", async () => {
    for (const reason of ["timeout", "abort"]) {
      let [connections, received] = [0, 0];
      const second = Promise.withResolvers<void>();
      await using server = new WireServer(async (connection) => {
        const reader = new WireReader(connection);
        connections++;
        while (await reader.request()) {
          if (++received === 2) {
            second.resolve();
            // It does not respond, and waits until the client has gone.
            while (await reader.some());
            return;
          }
          await writeAll(connection, encode("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"));
        }
      });
      const transport = new Transport({ retries: 0, timeouts: { connect: 1_000 }, ...special });
      const controller = new AbortController();
      const put = async (timeouts?: HttpRequest["timeouts"]) => {
        const url = `http://${server.host}/a.img`;
        const { signal } = controller;
        const request = { method: "PUT", url, body: new Uint8Array(1_000), trusted: true, signal };
        await (await transport.send({ ...request, timeouts })).release();
      };
      await put();
      // Once all that came of the response is dealt with, its connection is free.
      await new Promise((resolve) => setTimeout(resolve));
      const ended = put(reason === "timeout" ? { firstByte: 100 } : {});
      if (reason === "abort") void second.promise.then(() => controller.abort());
      const { name } = await assertRejects(() => ended) as Error;
      assertEquals(name, reason === "timeout" ? "TimeoutError" : "AbortError");
      await transport.close();
      assertEquals(received, 2, reason);
      if (engine === "node") assertEquals(connections, 1, reason);
    }
  });

  engineTest("HttpResponse.text: a length that no timer can wait for is waited for", async () => {
    await using server = new WireServer(async (connection) => {
      await new WireReader(connection).request();
      const head = "HTTP/1.1 200 OK\r\nContent-Length: 9007199254740991\r\n\r\n";
      await writeAll(connection, encode(`${head}{"a":1}`));
      // Ending the connection is left to the client's timeout.
      while ((await connection.read(new Uint8Array(1))) !== null);
    });
    const transport = new Transport({ retries: 0, timeouts: { idle: 200 }, ...special });
    const response = await transport.send({ url: `http://${server.host}/`, trusted: true });
    await assertRejects(() => response.text(), TimeoutError, "the server sent nothing for 200 ms");
    await transport.close();
  });

  engineTest(
    "Transport.send: a timeout that no timer can wait for does not end at once",
    async () => {
      const timeouts = { connect: 1e12, firstByte: 1e12, idle: 1e12 };
      await withServer(() => new Response("here"), async (url, transport) => {
        const response = await transport.send({ url, trusted: true, timeouts: transport.slow });
        assertEquals(await response.text(), "here");
      }, { ...special, retries: 0, timeouts });
    },
  );

  engineTest("Transport.send: a body is sent again whole, each time prepared anew", async () => {
    const part = [pattern(3_000_000, 1), pattern(2_000_001, 2)];
    const attempts: string[] = [];
    await withServer(async (request, index) => {
      const bytes = await request.bytes();
      assertEquals(request.headers.get("content-length"), "5000001");
      assertEquals(request.headers.get("transfer-encoding"), null);
      assertBytes(bytes.subarray(0, 3_000_000), part[0]!);
      assertBytes(bytes.subarray(3_000_000), part[1]!);
      attempts.push(`${request.method} ${new URL(request.url).search} ${request.headers.get("x")}`);
      return new Response("no", { status: [500, 503, 201][index]! });
    }, async (url, transport) => {
      let prepared = 0;
      const response = await transport.send({
        method: "PUT",
        url: `${url}/part`,
        trusted: true,
        headers: { x: "0" },
        body: part,
        prepare: (request) => {
          request.url.searchParams.set("attempt", `${prepared}`);
          request.headers = new Headers({ x: `signed ${prepared++}` });
        },
      });
      assertEquals([response.status, prepared], [201, 3]);
      await response.release();
    }, special);
    assertEquals(attempts, [
      "PUT ?attempt=0 signed 0",
      "PUT ?attempt=1 signed 1",
      "PUT ?attempt=2 signed 2",
    ]);
  });

  engineTest("Transport.send: bodies of any size carry their length", async () => {
    await withServer(async (request) => {
      const { length } = await request.bytes();
      return new Response(`${length} ${request.headers.get("content-length")}`);
    }, async (url, transport) => {
      const whole = [0, 1, 65_535, 65_536, 9_000_000].map((size) => [new Uint8Array(size)]);
      for (const body of [[], ...whole, [new Uint8Array(5), new Uint8Array(6)]]) {
        const size = body.reduce((sum, { length }) => sum + length, 0);
        const response = await transport.send({ method: "PUT", url, trusted: true, body });
        assertEquals(await response.text(), `${size} ${size}`);
      }
    }, special);
  });

  engineTest("Transport.send: connections are used again, also after errors", async () => {
    const ports = new Set<number>();
    const transport = new Transport({ minDelay: 0, ...special });
    const body = new Uint8Array(100_000);
    let index = 0;
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async (request, { remoteAddr }) => {
        ports.add((remoteAddr as Deno.NetAddr).port);
        await request.body?.pipeTo(new WritableStream());
        const status = [200, 404, 503][index++ % 3]!;
        return new Response("x".repeat(index % 2 * 1000), { status });
      },
    );
    const url = `http://127.0.0.1:${server.addr.port}`;
    for (let round = 0; round < 5; round++) {
      for (const request of [{ method: "PUT", body }, {}]) {
        const response = await transport.send({
          url,
          trusted: true,
          accept: [200, 404],
          ...request,
        });
        await response.release();
      }
    }
    assert(ports.size <= 2, `${ports.size} connections`);
    await transport.close();
  });

  engineTest("Transport.send: a response that comes before the body was sent is used", async () => {
    await withServer(
      () => new Response("full", { status: 507, headers: { connection: "close" } }),
      async (url, transport) => {
        await assertRejects(
          () =>
            transport.send({ method: "PUT", url, trusted: true, body: new Uint8Array(20_000_000) }),
          StorageFull,
        );
      },
      special,
    );
  });

  engineTest("Transport.send: an abort ends a request, a wait and a body at once", async () => {
    const reason = new Error("enough");
    for (
      const handler of [
        () => new Promise<Response>(() => {}),
        () => new Response("later", { status: 503, headers: { "retry-after": "30" } }),
        () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) })),
      ]
    ) {
      const controller = new AbortController();
      const started = Promise.withResolvers<void>();
      const transport = new Transport({ maxDelay: 60_000, ...special });
      const stop = new AbortController();
      const server = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen() {}, signal: stop.signal },
        () => {
          started.resolve();
          return handler();
        },
      );
      const url = `http://127.0.0.1:${server.addr.port}`;
      const work = (async () => {
        const response = await transport.send({ url, trusted: true, signal: controller.signal });
        await response.body.read(new Uint8Array(10));
      })();
      await started.promise;
      controller.abort(reason);
      assertStrictEquals(await assertRejects(() => work), reason);
      await transport.close();
      stop.abort();
      await server.finished;
    }
  });

  engineTest(
    "Transport.send: a response that has come whole can be released before its end",
    async () => {
      const uncaught: string[] = [];
      const note = (event: ErrorEvent) => {
        event.preventDefault();
        uncaught.push(event.message);
      };
      globalThis.addEventListener("error", note);
      try {
        await withServer(() => new Response("x".repeat(1000)), async (url, transport) => {
          for (let round = 0; round < 10; round++) {
            const controller = new AbortController();
            const { signal } = controller;
            const { body } = await transport.send({ url, trusted: true, signal });
            await body.read(new Uint8Array(10));
            if (round % 2) controller.abort(new Error("enough"));
            await body.close(new Error("enough"));
            // What fails out of turn does so before another response is there.
            assertEquals(
              (await (await transport.send({ url, trusted: true })).text()).length,
              1000,
            );
          }
        }, special);
        assertEquals(uncaught, []);
      } finally {
        globalThis.removeEventListener("error", note);
      }
    },
  );

  engineTest(
    "Transport.send: a redirect to another origin takes no credentials along",
    async () => {
      const seen: [string, Record<string, string>][] = [];
      const log = (request: Request) => {
        seen.push([new URL(request.url).pathname, Object.fromEntries(request.headers)]);
      };
      await withServer((request) => {
        log(request);
        return new Response("bytes");
      }, async (other) => {
        await withServer((request) => {
          log(request);
          const { pathname } = new URL(request.url);
          return Response.redirect(
            pathname === "/a" ? new URL("/b", request.url) : `${other}/c`,
            302,
          );
        }, async (url, transport) => {
          const response = await transport.send({
            url: `${url}/a`,
            trusted: true,
            headers: {
              authorization: "Basic secret",
              cookie: "secret",
              "x-auth-token": "secret",
              range: "bytes=0-",
            },
            prepare: ({ headers }) => headers.set("x-amz-security-token", "secret"),
          });
          assertEquals(await response.text(), "bytes");
          assertEquals(response.url.href, `${other}/c`);
        }, { ...special, gate: new EgressGate({ allowPrivate: ["127.0.0.1"] }) });
      });
      assertEquals(seen.map(([path]) => path), ["/a", "/b", "/c"]);
      for (const [path, headers] of seen) {
        assertEquals(headers["range"], "bytes=0-");
        const secrets = ["authorization", "cookie", "x-auth-token", "x-amz-security-token"];
        const sent = secrets.filter((name) => headers[name] !== undefined);
        assertEquals(sent, path === "/c" ? [] : secrets, path);
      }
    },
  );

  engineTest("Transport.send: a body longer than wanted is refused", async () => {
    await withServer(() => new Response("x".repeat(200_000)), async (url, transport) => {
      const response = await transport.send({ url, trusted: true });
      await assertRejects(() => response.text(100_000), BackendException);
      assertEquals(
        (await (await transport.send({ url, trusted: true })).text(200_000)).length,
        200_000,
      );
    }, special);
  });

  engineTest(
    "Transport.send: a slow body that keeps coming is read, whatever its size",
    async () => {
      for (const [burst, ...sizes] of [[0, 35_000, 30_000], [16_000, 80_000]] as const) {
        const data = pattern(burst + 60_000);
        const dripping = () => {
          let at = 0;
          return new ReadableStream({
            async pull(controller) {
              if (at === data.length) return controller.close();
              if (at === 0 && burst > 0) return controller.enqueue(data.subarray(0, at = burst));
              // Far less than the idle time, and more than it all together.
              await new Promise((resolve) => setTimeout(resolve, 20));
              controller.enqueue(data.subarray(at, at += 1000));
            },
          });
        };
        const headers = { "content-length": `${data.length}` };
        await withServer(() => new Response(dripping(), { headers }), async (url, transport) => {
          const { body } = await transport.send({ url, trusted: true });
          let count = 0;
          for (const size of sizes) {
            const view = new Uint8Array(new ArrayBuffer(size + 100), 50, size);
            const piece = await body.read(view);
            assertEquals([piece.byteOffset, piece.buffer.byteLength], [50, size + 100]);
            assertBytes(piece, data.subarray(count, count + size));
            count += piece.length;
          }
          assertEquals(count, data.length);
          await body.close();
        }, { ...special, timeouts: { idle: 1000 } });
      }
    },
  );

  engineTest("Transport.send: reading goes into the view that was lent", async () => {
    const data = pattern(1_000_000);
    await withServer(() => new Response(data), async (url, transport) => {
      const { body } = await transport.send({ url, trusted: true });
      const buffer = new ArrayBuffer(600_100);
      const chunk = await body.read(new Uint8Array(buffer, 50, 600_000));
      assertEquals([chunk.byteOffset, chunk.buffer.byteLength], [50, 600_100]);
      assertBytes(chunk, data.subarray(0, 600_000));
      assertBytes(await body.read(new Uint8Array(500_000)), data.subarray(600_000));
      assertEquals((await body.read(new Uint8Array(5))).length, 0);
      await body.close();
    }, special);
  });
}

Deno.test("Transport.slow: what takes long has 20 times the usual timeout", () => {
  assertEquals(new Transport().slow, { firstByte: 600_000, idle: 600_000 });
  const { slow } = new Transport({ timeouts: { firstByte: 300, idle: 100 } });
  assertEquals(slow, { firstByte: 6_000, idle: 6_000 });
});

Deno.test("Transport.send: only idempotent requests are sent again by default", async () => {
  for (
    const [method, retry, expected] of [
      ["GET", undefined, 4],
      ["PUT", undefined, 4],
      ["DELETE", undefined, 4],
      ["POST", undefined, 1],
      ["PATCH", undefined, 1],
      ["POST", "always", 4],
      ["GET", "never", 1],
    ] as const
  ) {
    let count = 0;
    await withServer(() => {
      count++;
      return new Response(null, { status: 503 });
    }, async (url, transport) => {
      await assertRejects(
        () => transport.send({ method, url, retry, trusted: true }),
        RemoteServiceUnavailable,
      );
    });
    assertEquals(count, expected, `${method} ${retry}`);
  }
});

Deno.test("Transport.send: recover puts things right and the request is sent again, twice at most", async () => {
  let token = "old";
  const handler: Handler = (request) =>
    new Response(null, { status: request.headers.get("x-auth-token") === "new" ? 200 : 401 });
  await withServer(handler, async (url, transport) => {
    let renewed = 0;
    const request = {
      url,
      trusted: true,
      prepare: ({ headers }: { headers: Headers }) => headers.set("x-auth-token", token),
    };
    const response = await transport.send({
      ...request,
      recover: ({ status }) => {
        token = ++renewed === 2 ? "new" : "old";
        return status === 401;
      },
    });
    await response.release();
    assertEquals(renewed, 2);
    token = "old";
    let asked = 0;
    await assertRejects(() => transport.send({ ...request, recover: () => ++asked > 0 }));
    assertEquals(asked, 2);
  });
});

Deno.test("Transport.send: fail makes the error from the body, and retryable errors are retried", async () => {
  let count = 0;
  await withServer((_, index) => {
    count++;
    return new Response(`<Code>${index === 0 ? "SlowDown" : "NoSuchKey"}</Code>`, { status: 400 });
  }, async (url, transport) => {
    const error = await assertRejects(() =>
      transport.send({
        url,
        trusted: true,
        fail: async (response) => {
          const code = /<Code>(.*)<\/Code>/.exec(await response.text())![1]!;
          return code === "SlowDown"
            ? new RemoteServiceUnavailable(code)
            : new NotFound(code, { retryable: false });
        },
      }), NotFound);
    assertEquals((error as NotFound).detail, "NoSuchKey");
  });
  assertEquals(count, 2);
});

Deno.test("Transport.send: a URL that is not trusted is judged before anything is sent", async () => {
  let count = 0;
  await withServer(() => {
    count++;
    return new Response();
  }, async (url, transport) => {
    await assertRejects(() => transport.send({ url }), EgressDenied);
    await assertRejects(
      () =>
        transport.send({
          url,
          trusted: true,
          prepare: (r) => void (r.url = new URL("http://10.0.0.1/")),
        }),
      EgressDenied,
    );
  });
  assertEquals(count, 0);
});

Deno.test("Transport.send: a name is connected to by the address that was judged", async () => {
  let host: string | null = null;
  await withServer((request) => {
    host = request.headers.get("host");
    return new Response("here");
  }, async (url, transport) => {
    const { port } = new URL(url);
    const response = await transport.send({ url: `http://images.example:${port}/a` });
    assertEquals(await response.text(), "here");
    assertEquals(host, `images.example:${port}`);
  }, {
    gate: new EgressGate({
      allowPrivate: ["127.0.0.1"],
      resolve: () => Promise.resolve(["127.0.0.1"]),
    }),
  });
});

Deno.test("Transport.send: a refused connection is an error that may pass", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  for (const special of [{}, { insecure: true }]) {
    const transport = new Transport({ minDelay: 0, retries: 1, ...special });
    const error = await assertRejects(
      () => transport.send({ url: `http://127.0.0.1:${port}/`, trusted: true }),
      RemoteServiceUnavailable,
    );
    assert((error as RemoteServiceUnavailable).retryable);
    await transport.close();
  }
});

Deno.test("Transport.send: a server that never responds is a timeout", async () => {
  using _listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = _listener.addr as Deno.NetAddr;
  const timeouts = { connect: 50, firstByte: 50 };
  for (const special of [{}, { insecure: true }]) {
    const transport = new Transport({ retries: 0, timeouts, ...special });
    await assertRejects(
      () => transport.send({ url: `http://127.0.0.1:${port}/`, trusted: true }),
      TimeoutError,
    );
    await transport.close();
  }
});

Deno.test("Transport.send: an own fetch sends everything", async () => {
  const asked: string[] = [];
  const transport = new Transport({
    fetch: (url, init) => {
      asked.push(`${init.method} ${url}`);
      return Promise.resolve(new Response("own"));
    },
  });
  const url = "https://images.invalid/a";
  const body = new Uint8Array(100_000);
  await (await transport.send({ method: "PUT", url, body, trusted: true })).release();
  assertEquals(await (await transport.send({ url, trusted: true })).text(), "own");
  assertEquals(asked, [`PUT ${url}`, `GET ${url}`]);
});

Deno.test("Transport.send: where a browser followed redirects by itself, the end of them is judged", async () => {
  const following = (to: string) =>
    new Transport({
      fetch: (_, { redirect }) => {
        // What a browser shows of a redirect, and of where it led.
        const [response, shown] = redirect === "manual"
          ? [Response.error(), { type: { value: "opaqueredirect" } }]
          : [new Response("x"), { redirected: { value: true }, url: { value: to } }];
        return Promise.resolve(Object.defineProperties(response, shown));
      },
    });
  const url = "http://10.0.0.1/a";
  const own = await following("http://10.0.0.1/b").send({ url, trusted: true });
  assertEquals(own.url.href, "http://10.0.0.1/b");
  const away = await following("https://example.org/b").send({ url, trusted: true });
  assertEquals(away.url.href, "https://example.org/b");
  await assertRejects(
    () => following("http://10.0.0.2/b").send({ url, trusted: true }),
    EgressDenied,
  );
  // It would take along what is for this origin alone, or a body.
  for (const request of [{ headers: { "x-auth-token": "secret" } }, { method: "PUT" }]) {
    await assertRejects(
      () => following("https://example.org/b").send({ url, trusted: true, ...request }),
      BackendException,
    );
  }
});
