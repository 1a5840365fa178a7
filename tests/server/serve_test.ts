/**
 * The tree on a real socket: what clients see when all goes well, and when it does not.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import {
  type ByteRange,
  type DriverStat,
  type ImageReader,
  type OperationOptions,
  RemoteServiceUnavailable,
  Vfs,
} from "@vitrine/vitrine";
import { type MemoryLocation, MemoryStore } from "@vitrine/vitrine/memory";
import { Workplace } from "../cli/harness.ts";
import { type RunningServer, serve, type ServeOptions } from "@vitrine/vitrine/serve";
import { replaceMethods } from "../store/replace_methods.ts";
import { until } from "../until.ts";

const MIB = 1 << 20;
const DATA = new Uint8Array(10 * MIB + 12_345);
for (let at = 0; at < DATA.length; at += 65_536) {
  crypto.getRandomValues(DATA.subarray(at, at + 65_536));
}

/** A store whose reads can break off, and which records when it is closed. */
class Brittle extends MemoryStore {
  /** After how many bytes of an image reading fails. */
  breakAt = Infinity;
  /** Whether the size is kept secret. */
  sizeless = false;
  bytesRead = 0;
  ranges: ByteRange[] = [];
  readonly closed = Promise.withResolvers<void>();

  constructor(name: string) {
    super(name);
    replaceMethods(this.driver, (driver) => ({
      statImage: async (
        location: MemoryLocation,
        options: OperationOptions,
      ): Promise<DriverStat> => {
        const stat = await driver.statImage(location, options);
        return this.sizeless ? { ...stat, size: undefined } : stat;
      },
      openRead: async (
        location: MemoryLocation,
        range: ByteRange,
        options: OperationOptions,
      ): Promise<ImageReader> => {
        this.ranges.push(range);
        const reader = await driver.openRead(location, range, options);
        let at = range.offset;
        return {
          ...reader,
          ...(this.sizeless ? { size: undefined, total: undefined } : {}),
          read: async (view) => {
            const chunk = await reader.read(view);
            at += chunk.length;
            this.bytesRead += chunk.length;
            if (at > this.breakAt) throw new RemoteServiceUnavailable("the disk was pulled out");
            return chunk;
          },
          close: async () => {
            await reader.close();
            this.closed.resolve();
          },
        };
      },
    }));
  }
}

async function running(
  test: (server: RunningServer, store: Brittle, vfs: Vfs) => Promise<void>,
  options: ServeOptions = {},
): Promise<void> {
  const store = new Brittle("s");
  const vfs = new Vfs({ s: store });
  await vfs.writeFile("/s/a.iso", DATA);
  await using server = serve(vfs, options);
  await test(server, store, vfs);
}

function installed(program: string): boolean {
  try {
    return new Deno.Command(program, { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
}

/** Registers a test with a program and a folder to work in. */
function testProgram(
  program: string,
  what: string,
  test: (run: (...args: string[]) => Promise<number>, folder: string) => Promise<void>,
): void {
  Deno.test({
    name: `${program}: ${what} [needs ${program}]`,
    ignore: !installed(program),
    async fn() {
      const folder = await Deno.makeTempDir();
      try {
        await test(async (...args) => {
          const command = new Deno.Command(program, { args, cwd: folder, stderr: "null" });
          return (await command.output()).code;
        }, folder);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

Deno.test("serve: listens on 127.0.0.1 by default", async () => {
  await running(async ({ url }) => {
    assertEquals(url.hostname, "127.0.0.1");
    const response = await fetch(new URL("/s/a.iso", url));
    assertEquals(await response.bytes(), DATA);
  });
});

testProgram("curl", "serve: downloads and resumes", async (run, folder) => {
  const file = join(folder, "a.iso");
  await running(async ({ url }, store) => {
    const image = `${url}s/a.iso`;
    assertEquals(await run("-sSf", "-o", file, image), 0);
    assertEquals(await Deno.readFile(file), DATA);
    await Deno.truncate(file, 3 * MIB + 1);
    assertEquals(await run("-sSf", "-C", "-", "-o", file, image), 0);
    assertEquals(await Deno.readFile(file), DATA);
    assertEquals(store.ranges.at(-1)?.offset, 3 * MIB + 1);
  });
});

testProgram(
  "curl",
  "serve: conditional requests, ranges and several at once",
  async (run, folder) => {
    const file = join(folder, "out");
    const tags = join(folder, "etag");
    await running(async ({ url }, store) => {
      const image = `${url}s/a.iso`;
      assertEquals(await run("-sSf", "--etag-save", tags, "-o", file, image), 0);
      const before = store.ranges.length;
      assertEquals(await run("-sSf", "--etag-compare", tags, "-o", `${file}2`, image), 0);
      assertEquals([store.ranges.length, await exists(`${file}2`)], [before, false]);
      assertEquals(await run("-sSf", "-r", "-5", "-o", file, image), 0);
      assertEquals(await Deno.readFile(file), DATA.slice(-5));
      assertEquals(await run("-sSf", "-r", "0-9,5000-5009", "-o", file, image), 0);
      const parts = new TextDecoder("latin1").decode(await Deno.readFile(file));
      assert(parts.includes(`bytes 0-9/${DATA.length}`));
      assert(parts.includes(`bytes 5000-5009/${DATA.length}`));
      assert(parts.endsWith("--\r\n"));
    });
  },
);

testProgram("wget", "serve: downloads and resumes", async (run, folder) => {
  const file = join(folder, "a.iso");
  await running(async ({ url }, store) => {
    const image = `${url}s/a.iso`;
    assertEquals(await run("-q", image), 0);
    assertEquals(await Deno.readFile(file), DATA);
    await Deno.truncate(file, 5 * MIB);
    assertEquals(await run("-q", "-c", image), 0);
    assertEquals(await Deno.readFile(file), DATA);
    assertEquals(store.ranges.at(-1)?.offset, 5 * MIB);
    const { mtime } = await Deno.stat(file);
    const { modified } = await store.stat("a.iso");
    assertEquals(Math.floor(+mtime! / 1000), Math.floor(+modified! / 1000));
  });
});

for (const sizeless of [false, true]) {
  const how = sizeless ? "without a length" : "with a length";
  Deno.test(`serve: a read that fails half way never looks complete (${how})`, async () => {
    await running(async ({ url }, store) => {
      store.breakAt = 5 * MIB;
      store.sizeless = sizeless;
      const response = await fetch(new URL("/s/a.iso", url));
      assertEquals(response.status, 200);
      await assertRejects(() => response.bytes());
      await store.closed.promise;
    });
  });

  testProgram(
    "curl",
    `serve: notices a read that fails (${how}), and resumes it`,
    async (run, folder) => {
      const file = join(folder, "a.iso");
      await running(async ({ url }, store) => {
        store.breakAt = 6 * MIB;
        store.sizeless = sizeless;
        assert([18, 56].includes(await run("-sSf", "-o", file, `${url}s/a.iso`)));
        const { size } = await Deno.stat(file);
        assert(size <= 6 * MIB, `${size} bytes`);
        store.breakAt = Infinity;
        store.sizeless = false;
        assertEquals(await run("-sSf", "-C", "-", "-o", file, `${url}s/a.iso`), 0);
        assertEquals(await Deno.readFile(file), DATA);
      });
    },
  );
}

Deno.test("serve: a multipart body that fails half way never looks complete", async () => {
  await running(async ({ url }, store) => {
    store.breakAt = 5 * MIB;
    const headers = { range: `bytes=0-99,${6 * MIB}-${7 * MIB}` };
    const response = await fetch(new URL("/s/a.iso", url), { headers });
    assertEquals(response.status, 206);
    await assertRejects(() => response.bytes());
  });
});

Deno.test("serve: calls onError with what fails after the headers", async () => {
  const reported: unknown[] = [];
  await running(async ({ url }, store) => {
    store.breakAt = 5 * MIB;
    const response = await fetch(new URL("/s/a.iso", url));
    await assertRejects(() => response.bytes());
    assert(reported[0] instanceof RemoteServiceUnavailable && reported.length === 1);
  }, { onError: (error) => reported.push(error) });
});

Deno.test("vitrine serve: logs a line for each failed request, and ends with 0", async () => {
  await using origin = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen() {},
    onError: () => new Response(),
  }, () => {
    let left = 3;
    const body = new ReadableStream({
      pull(controller) {
        if (left-- > 0) controller.enqueue(new Uint8Array(MIB));
        else controller.error(new Error("the line went dead"));
      },
    }, { highWaterMark: 0 });
    const headers = { "etag": '"v1"', "last-modified": new Date(0).toUTCString() };
    return new Response(body, { headers: { ...headers, "content-length": `${4 * MIB}` } });
  });
  const baseUrl = `http://127.0.0.1:${origin.addr.port}/`;
  await using place = await Workplace.make({
    stores: { web: { driver: "http", baseUrl, retries: 0 } },
  });
  const child = place.start(["serve", "--port", "0"]);
  const [out, err] = [child.stdout, child.stderr].map((stream) =>
    stream.pipeThrough(new TextDecoderStream())
  ) as [ReadableStream<string>, ReadableStream<string>];
  const lines = out.getReader();
  const { value } = await lines.read();
  const url = /http:\S+\//.exec(value!)![0];
  const response = await fetch(`${url}web/a.iso`);
  assertEquals(response.status, 200);
  await assertRejects(() => response.bytes());
  const missing = await fetch(`${url}nowhere/%C2%9B31mred`);
  assertEquals(missing.status, 404);
  await missing.body!.cancel();
  child.kill("SIGINT");
  assertEquals((await child.status).code, 0);
  const reported = (await Array.fromAsync(err)).join("").trimEnd().split("\n");
  assertEquals(
    reported.map((line) => line.split(": ")[0]),
    ["vitrine", "vitrine"],
    reported.join("\n"),
  );
  assert(!reported.join().includes("\u009b"), "no client writes to the terminal");
  await lines.cancel();
});

Deno.test("serve: closes the image when the client goes away, and reads nothing ahead", async () => {
  await running(async ({ url }, store, vfs) => {
    const size = 256 * MIB;
    await vfs.writeFile("/s/big", zeros(size), { size });
    const abort = new AbortController();
    const response = await fetch(new URL("/s/big", url), { signal: abort.signal });
    const reader = response.body!.getReader();
    for (let got = 0; got < 8 * MIB;) got += (await reader.read()).value!.length;
    abort.abort();
    await reader.read().catch(() => {});
    await store.closed.promise;
    assert(store.bytesRead < 64 * MIB, `${store.bytesRead} bytes were read`);
  });
});

for (
  const [how, head] of [
    ["shorter than its length", "Content-Length: 100"],
    ["without its last chunk", "Transfer-Encoding: chunked"],
  ] as const
) {
  Deno.test(`serve: an upload ${how} leaves nothing`, async () => {
    const failed = Promise.withResolvers<unknown>();
    await running(async ({ url }, _store, vfs) => {
      const connection = await Deno.connect({ hostname: url.hostname, port: Number(url.port) });
      const body = head.startsWith("Content") ? "x".repeat(40) : `28\r\n${"x".repeat(40)}\r\n`;
      const text =
        `PUT /s/cut HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer t\r\n${head}\r\n\r\n${body}`;
      await connection.write(new TextEncoder().encode(text));
      connection.close();
      await failed.promise;
      assertEquals(await vfs.exists("/s/cut"), false);
    }, { writeToken: "t", onError: failed.resolve });
  });
}

Deno.test("serve: PUT adds the bytes that were sent", async () => {
  await running(async ({ url }, _store, vfs) => {
    const put = (body: BodyInit) =>
      fetch(new URL("/s/up", url), { method: "PUT", body, headers: { authorization: "Bearer t" } });
    const created = await put(new Blob([DATA]).stream());
    assertEquals([created.status, (await created.json()).size], [201, DATA.length]);
    assertEquals(await vfs.readFile("/s/up"), DATA);
    const again = await put(DATA);
    assertEquals(again.status, 409);
    await again.body?.cancel();
  }, { writeToken: "t" });
});

Deno.test("serve: of 16 connections two are uploads, a third gets 503, and reads go on", async () => {
  await running(async ({ url }, _store, vfs) => {
    const put = (name: string, body: BodyInit) =>
      fetch(new URL(`/s/${name}`, url), {
        method: "PUT",
        body,
        headers: { authorization: "Bearer t" },
      });
    const senders = ["one", "two"].map((name) => {
      const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>>();
      return { writer: writable.getWriter(), response: put(name, readable) };
    });
    for (const { writer } of senders) await writer.write(new Uint8Array(5));
    await until("the uploads", async () => {
      const third = await put("three", new Uint8Array(5));
      await third.body?.cancel();
      if (third.status === 201) await vfs.remove("/s/three");
      return third.status === 503 && third.headers.get("retry-after") === "1";
    });
    assertEquals(await (await fetch(new URL("/s/a.iso", url))).bytes(), DATA);
    for (const { writer, response } of senders) {
      await writer.close();
      const { status, body } = await response;
      await body?.cancel();
      assertEquals(status, 201);
    }
    const fourth = await put("three", new Uint8Array(5));
    await fourth.body?.cancel();
    assertEquals(fourth.status, 201);
  }, { writeToken: "t", maxConnections: 16 });
});

Deno.test("serve: HEAD, 304 and 204 have no body on a kept connection", async () => {
  await running(async ({ url }) => {
    const received = await exchange(
      url,
      asking("HEAD", "/s/a.iso") + asking("GET", "/s/a.iso", "If-None-Match: *\r\n") +
        asking("OPTIONS", "/s/") + asking("GET", "/s/none") +
        asking("GET", "/s/a.iso", "Range: bytes=0-0\r\nConnection: close\r\n"),
    );
    const statuses = [...new TextDecoder().decode(received).matchAll(/^HTTP\/1\.1 (\d+)/gm)];
    assertEquals(statuses.map(([, status]) => status), ["200", "304", "204", "404", "206"]);
    assertEquals(received.at(-1), DATA[0]);
  });
});

Deno.test("serve: HEAD has no length where GET has none, on a kept connection", async () => {
  await running(async ({ url }, store) => {
    store.sizeless = true;
    const received = await exchange(
      url,
      asking("HEAD", "/s/") + asking("HEAD", "/s/a.iso") +
        asking("OPTIONS", "/s/", "Connection: close\r\n"),
    );
    const heads = new TextDecoder().decode(received).toLowerCase().split("\r\n\r\n");
    assertEquals(heads.map((head) => head.split("\r\n")[0]), [
      "http/1.1 200 ok",
      "http/1.1 200 ok",
      "http/1.1 204 no content",
      "",
    ]);
    for (const head of heads.slice(0, 2)) assert(!head.includes("content-length"), head);
  });
});

Deno.test("serve: a Host that is not valid is 400", async () => {
  await running(async ({ url }) => {
    for (const path of ["/s/a.iso", "/s/"]) {
      for (const host of ["a b:xx", "h:99999", "[::", "x/s/a.iso?", "x#", "a@b", "\\"]) {
        const text = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
        const received = new TextDecoder().decode(await exchange(url, text));
        assertEquals(received.split("\r\n")[0], "HTTP/1.1 400 Bad Request", host);
      }
    }
  });
});

Deno.test("RunningServer.stop: waits for what is under way, and refuses what is new", async () => {
  await running(async (server) => {
    const { url } = server;
    const response = await fetch(new URL("/s/a.iso", url));
    const stopped = server.stop();
    const refused = await fetch(url);
    assertEquals([refused.status, await refused.text()], [503, ""]);
    assertEquals(await response.bytes(), DATA);
    await stopped;
    await server.finished;
    await assertRejects(() => fetch(url));
  });
});

Deno.test("RunningServer.stop: breaks off what takes longer than the grace", async () => {
  await running(async (server, store) => {
    const response = await fetch(new URL("/s/a.iso", server.url));
    const reader = response.body!.getReader();
    await reader.read();
    await server.stop(1);
    await store.closed.promise;
    await assertRejects(async () => {
      while (!(await reader.read()).done);
    });
  });
});

function asking(method: string, path: string, fields = ""): string {
  return `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`;
}

/** What comes back for a text, until the server closes the connection. */
async function exchange(url: URL, text: string): Promise<Uint8Array> {
  const connection = await Deno.connect({ hostname: url.hostname, port: Number(url.port) });
  await connection.write(new TextEncoder().encode(text));
  return await new Response(connection.readable).bytes();
}

async function* zeros(size: number): AsyncGenerator<Uint8Array> {
  for (let left = size; left > 0; left -= 4 * MIB) yield new Uint8Array(Math.min(left, 4 * MIB));
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}
