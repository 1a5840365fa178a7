/**
 * The HTTP/1.1 server on real sockets: requests in a row, bodies, limits and timeouts.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { HttpExchange } from "../../../server/http1/connection.ts";
import type { HttpReply, HttpRequest } from "../../../server/http1/exchange.ts";
import { listen, type ListenOptions, type RunningServer } from "../../../server/http1/listen.ts";
import { type ImageData, openSource } from "@vitrine/vitrine";

const encoder = new TextEncoder();

interface Running {
  server: RunningServer;
  exchanges: HttpExchange[];
  errors: unknown[];
}

async function running(
  handle: (request: HttpRequest) => Promise<HttpReply>,
  test: (running: Running) => Promise<void>,
  options: ListenOptions = {},
): Promise<void> {
  const exchanges: HttpExchange[] = [];
  const errors: unknown[] = [];
  await using server = listen(options, {
    handle,
    errorReply: () => ({ status: 502, headers: {} }),
    onExchange: (exchange) => exchanges.push(exchange),
    onError: (error) => errors.push(error),
  });
  await test({ server, exchanges, errors });
}

/** Replies with the method, the target and the body of the request. */
async function echo({ method, target, body }: HttpRequest): Promise<HttpReply> {
  const text = body === null ? "" : await readText(body);
  return textOf(`${method} ${target} ${text}`);
}

async function readText(data: ImageData): Promise<string> {
  const { reader } = openSource(data);
  let text = "";
  for (;;) {
    const chunk = await reader.read(new Uint8Array(1000));
    if (chunk.length === 0) return text;
    text += new TextDecoder("latin1").decode(chunk);
  }
}

function textOf(text: string): HttpReply {
  return { status: 200, headers: {}, body: encoder.encode(text) };
}

function connect({ url }: RunningServer): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: url.hostname, port: Number(url.port) });
}

async function send(connection: Deno.Conn, text: string): Promise<void> {
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** Sends a text, and reads until the server closes the connection. */
async function exchange(server: RunningServer, text: string): Promise<string> {
  const connection = await connect(server);
  await send(connection, text);
  return await new Response(connection.readable).text();
}

const request = (line: string, fields = "") => `${line} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`;
const LAST = "Connection: close\r\n";

Deno.test("listen: serves requests in a row, with bodies of a length and in chunks", async () => {
  await running(echo, async ({ server, exchanges }) => {
    const text = await exchange(
      server,
      request("PUT /1", "Content-Length: 5\r\n") + "hello" +
        "\r\n" + request("PUT /2", "Transfer-Encoding: chunked\r\n") +
        "3;x=y\r\nabc\r\n0A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n" +
        request("GET /3", LAST),
    );
    const bodies = [...text.matchAll(/\r\n\r\n([^\r]*?)(?=HTTP\/1\.1|$)/g)].map(([, body]) => body);
    assertEquals(bodies, ["PUT /1 hello", "PUT /2 abc0123456789", "GET /3 "]);
    assertMatch(text, /^HTTP\/1\.1 200 OK\r\ndate: .* GMT\r\n/);
    assertEquals(exchanges.map(({ bytes }) => bytes), [12, 20, 7]);
  });
});

Deno.test("listen: lets a client that waits for it send its body", async () => {
  await running(echo, async ({ server }) => {
    const connection = await connect(server);
    await send(
      connection,
      request("PUT /a", `Content-Length: 2\r\nExpect: 100-continue\r\n${LAST}`),
    );
    const buffer = new Uint8Array(100);
    const count = await connection.read(buffer);
    assertEquals(
      new TextDecoder().decode(buffer.subarray(0, count!)),
      "HTTP/1.1 100 Continue\r\n\r\n",
    );
    await send(connection, "ok");
    assertMatch(await new Response(connection.readable).text(), /PUT \/a ok$/);
  });
});

for (
  const [what, body] of [
    ["a size that is none", "x\r\n"],
    ["a chunk longer than its size", "1\r\nab\r\n0\r\n\r\n"],
    ["a bare line feed after a size", "1\na\r\n0\r\n\r\n"],
    ["an endless extension", `1;${"x".repeat(5000)}`],
    ["too many trailers", `0\r\n${"A: b\r\n".repeat(40)}\r\n`],
    ["no last chunk", "1\r\na\r\n"],
  ] as const
) {
  Deno.test(`listen: a chunked body with ${what} fails`, async () => {
    const failed: unknown[] = [];
    const handle = async ({ body }: HttpRequest) => {
      await readText(body!).catch((error) => failed.push(error));
      return textOf("");
    };
    await running(handle, async ({ server }) => {
      const connection = await connect(server);
      await send(connection, request("PUT /a", "Transfer-Encoding: chunked\r\n") + body);
      await connection.closeWrite();
      const text = await new Response(connection.readable).text();
      assertEquals(failed.length, 1);
      assertMatch(text, /connection: close/);
      assertEquals(text.match(/HTTP\/1\.1/g)!.length, 1);
    });
  });
}

Deno.test("listen: refuses a head that is not valid, and closes", async () => {
  await running(echo, async ({ server, exchanges }) => {
    assertMatch(await exchange(server, "GET / HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 400 Bad Request/);
    assertMatch(await exchange(server, `GET /${"a".repeat(20_000)}`), /^HTTP\/1\.1 431 /);
    assertMatch(await exchange(server, request("GET /", "Expect: magic\r\n")), /^HTTP\/1\.1 417 /);
    assertEquals(exchanges.map(({ request, status }) => [request, status]), [
      [undefined, 400],
      [undefined, 431],
      [undefined, 417],
    ]);
  });
});

Deno.test("listen: closes after a refusal that did not read the body", async () => {
  const refuse = () => Promise.resolve<HttpReply>({ status: 401, headers: {} });
  await running(refuse, async ({ server }) => {
    const connection = await connect(server);
    await send(connection, request("PUT /a", "Content-Length: 400000000\r\n"));
    const buffer = new Uint8Array(1000);
    const count = await connection.read(buffer);
    assertMatch(
      new TextDecoder().decode(buffer.subarray(0, count!)),
      /^HTTP\/1\.1 401 [^]*connection: close/,
    );
    // The server reads 1 MiB at most; then writing fails, long before the 400 MB.
    const block = new Uint8Array(65_536);
    let sent = 0;
    try {
      while (sent < 400_000_000) sent += await connection.write(block);
    } catch {
      // The server has closed the connection.
    }
    assert(sent < 40_000_000, `${sent} bytes were let in`);
    connection.close();
  });
});

Deno.test("listen: a body without a length is in chunks, and one that fails never looks whole", async () => {
  const handle = ({ target }: HttpRequest): Promise<HttpReply> => {
    let left = 3;
    const stream = new ReadableStream({
      pull(controller) {
        if (left-- > 0) controller.enqueue(encoder.encode("abc"));
        else if (target === "/good") controller.close();
        else controller.error(new Error("the disk was pulled out"));
      },
    }, { highWaterMark: 0 });
    return Promise.resolve({ status: 200, headers: {}, body: { stream } });
  };
  await running(handle, async ({ server, exchanges }) => {
    const good = await exchange(server, request("GET /good", LAST));
    assertMatch(
      good,
      /transfer-encoding: chunked\r\n[^]*\r\n\r\n3\r\nabc\r\n3\r\nabc\r\n3\r\nabc\r\n0\r\n\r\n$/,
    );
    const bad = await exchange(server, request("GET /bad"));
    assert(!bad.endsWith("0\r\n\r\n"), bad);
    const old = await exchange(server, "GET /good HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assertMatch(old, /connection: close\r\n\r\nabcabcabc$/);
    assertEquals(exchanges.map(({ error }) => (error as Error | undefined)?.message), [
      undefined,
      "the disk was pulled out",
      undefined,
    ]);
  });
});

Deno.test("listen: a byte stream of every size around the buffer arrives as it is", async () => {
  const sizes = [0, 1, 1024, 261_119, 261_120, 261_121, 262_144, 600_000];
  const handle = ({ target }: HttpRequest): Promise<HttpReply> => {
    const data = new Uint8Array(Number(target.slice(2))).map((_, i) => i);
    const headers: Record<string, string> = target.startsWith("/n")
      ? { "content-length": `${data.length}` }
      : {};
    return Promise.resolve({ status: 200, headers, body: { stream: new Blob([data]).stream() } });
  };
  await running(handle, async ({ server, exchanges }) => {
    for (const size of sizes) {
      for (const kind of ["n", "c"]) {
        const response = await fetch(new URL(`/${kind}${size}`, server.url));
        const expected = new Uint8Array(size).map((_, i) => i);
        assertEquals(await response.bytes(), expected, `${kind} ${size}`);
      }
    }
    assertEquals(exchanges.map(({ error }) => error), exchanges.map(() => undefined));
  });
});

Deno.test("listen: a body that fails before its first byte has a status", async () => {
  const stream = () => new ReadableStream({ pull: () => Promise.reject(new Error("away")) });
  const handle = () => Promise.resolve({ status: 200, headers: {}, body: { stream: stream() } });
  await running(handle, async ({ server }) => {
    const text = await exchange(server, request("GET /a") + request("GET /b", LAST));
    assertEquals(text.match(/^HTTP\/1\.1 502/gm)?.length, 2);
  });
});

Deno.test("listen: what a backend says cannot end a header field", async () => {
  const headers = { etag: '"a\r\nX-Evil: 1\u2028"' };
  await running(() => Promise.resolve({ status: 200, headers }), async ({ server }) => {
    const text = await exchange(server, request("GET /", LAST));
    assertMatch(text, /^etag: "a\?\?X-Evil: 1\?"\r$/m);
  });
});

for (
  const [what, input, options] of [
    ["an idle connection", "", { idleTimeout: 40 }],
    ["a connection kept after a request", request("GET /"), { idleTimeout: 40 }],
    ["a head that does not end", "GET / HTTP/1.1\r\nX: ", { headersTimeout: 40 }],
    ["a body that stalls", request("PUT /a", "Content-Length: 9\r\n") + "a", { stallTimeout: 40 }],
  ] as const
) {
  Deno.test(`listen: closes ${what}`, async () => {
    await running(echo, async ({ server }) => {
      const text = await exchange(server, input);
      assertEquals(text.startsWith("HTTP/1.1 200") || text === "", true, text);
    }, options);
  });
}

Deno.test("listen: closes a client that does not read", async () => {
  const closed = Promise.withResolvers<void>();
  const handle = () => {
    const stream = new ReadableStream({
      type: "bytes",
      pull(controller) {
        const view = controller.byobRequest!.view as Uint8Array<ArrayBuffer>;
        controller.byobRequest!.respond(view.byteLength);
      },
      cancel: () => closed.resolve(),
    });
    return Promise.resolve({ status: 200, headers: {}, body: { stream } });
  };
  await running(handle, async ({ server }) => {
    const connection = await connect(server);
    await send(connection, request("GET /"));
    await closed.promise;
    connection.close();
  }, { stallTimeout: 100 });
});

Deno.test("listen: a new connection takes the place of an idle or stalled one", async () => {
  await running(echo, async ({ server }) => {
    const stalled = await Promise.all(Array.from({ length: 4 }, () => connect(server)));
    for (const [i, connection] of stalled.entries()) {
      await send(connection, i % 2 ? "GET / HTTP/1.1\r\nX: " : request("GET /kept"));
    }
    for (let i = 0; i < 12; i++) {
      const text = await exchange(server, request(`GET /${i}`, LAST));
      assertMatch(text, /^HTTP\/1\.1 200/);
    }
    for (const connection of stalled) connection.close();
  }, { maxConnections: 4 });
});

Deno.test("listen: stop waits for what is under way, and then breaks off", async () => {
  const begun = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const handle = async () => {
    begun.resolve();
    await finish.promise;
    return textOf("done");
  };
  await running(handle, async ({ server }) => {
    const text = exchange(server, request("GET /", LAST));
    await begun.promise;
    const stopped = server.stop();
    assertMatch(await exchange(server, request("GET /")), /^HTTP\/1\.1 503 [^]*connection: close/);
    finish.resolve();
    assertMatch(await text, /done$/);
    await stopped;
    await server.finished;
  });
});
