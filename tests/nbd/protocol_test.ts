/**
 * What no real client sends: the server refuses it, closes that connection, and goes on.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { MemoryStore } from "../../drivers/memory/mod.ts";
import type { ServeNbdOptions } from "../../server/nbd/mod.ts";
import { until } from "../until.ts";
import { exportRequest, option, pack, RawClient, request } from "./raw_client.ts";
import { ServedImages } from "./served_images.ts";

const UNSUPPORTED = 0x80000001;
const INVALID = 0x80000003;
const UNKNOWN = 0x80000006;

/** Serves a store with the image `m/a` of 1,000 bytes. */
async function serveOne(options: ServeNbdOptions = {}): Promise<ServedImages> {
  const served = await ServedImages.start({ m: new MemoryStore("m") }, options);
  await served.vfs.writeFile("/m/a", new Uint8Array(1000).fill(7));
  return served;
}

/** Asserts that the server still serves. */
async function assertServes(served: ServedImages): Promise<void> {
  using client = await RawClient.open(served.server.port, "m/a");
  await client.send(request(0, 10, 5));
  assertEquals(await client.simpleReply(), 0);
  assertEquals(await client.read(5), new Uint8Array(5).fill(7));
}

/** Asserts that the server closes after it was sent something, and logs one line that matches. */
async function assertCloses(
  served: ServedImages,
  send: (client: RawClient) => Promise<void>,
  log: RegExp,
): Promise<void> {
  served.failures.length = 0;
  using client = await RawClient.connect(served.server.port);
  await send(client);
  await client.closed();
  await until("the log", () => Promise.resolve(served.failures.length > 0));
  assertEquals(served.failures.map(({ error }) => log.test((error as Error).message)), [true]);
  await assertServes(served);
}

const MALFORMED: Record<string, [log: RegExp, send: (client: RawClient) => Promise<void>]> = {
  "no option": [/not an option/, (client) => client.send(new Uint8Array(16))],
  "an option of 4 GiB": [
    /option 3 has 4294967295 bytes of data/,
    (client) => client.send(pack("IHAVEOPT", [4, 3], [4, 0xffffffff])),
  ],
  "a name that is not exported by EXPORT_NAME": [
    /no export/,
    (client) => client.send(option(1, pack("m/missing"))),
  ],
  "no request": [/not a request/, async (client) => {
    await client.send(option(7, exportRequest("m/a")), new Uint8Array(28));
  }],
  "a write of 4 GiB": [/a write of 4294967295 bytes/, async (client) => {
    await client.send(option(7, exportRequest("m/a")), request(1, 0, 0xffffffff));
  }],
  "options without end": [/more than 256 options/, async (client) => {
    for (let i = 0; i < 256; i++) await client.send(option(5));
  }],
};
for (const [what, [log, send]] of Object.entries(MALFORMED)) {
  Deno.test(`serveNbd: closes a connection that sends ${what}`, async () => {
    await using served = await serveOne();
    await assertCloses(served, send, log);
  });
}

Deno.test("serveNbd: closes a client with flags that are not known", async () => {
  await using served = await serveOne();
  using client = await RawClient.connect(served.server.port, 7);
  await client.closed();
  await until("the log", () => Promise.resolve(served.failures.length > 0));
  assertMatch(`${served.failures[0]!.error}`, /unknown flags/);
});

Deno.test("serveNbd: refuses options that are not valid, and goes on with the next", async () => {
  await using served = await serveOne();
  using client = await RawClient.connect(served.server.port);
  const refused: [number, Uint8Array<ArrayBuffer>, number][] = [
    [5, pack(), UNSUPPORTED],
    [11, pack(), UNSUPPORTED],
    [4711, pack("what is this?"), UNSUPPORTED],
    [3, pack("data"), INVALID],
    [8, pack("data"), INVALID],
    [7, pack(), INVALID],
    [7, pack([4, 0xffffffff], "a"), INVALID],
    [7, pack([4, 3], "m/a", [2, 5]), INVALID],
    [7, pack([4, 3], "m/a", [2, 0], "more"), INVALID],
    [7, pack([4, 2], new Uint8Array([0xff, 0xfe]), [2, 0]), INVALID],
    [6, exportRequest("m/missing"), UNKNOWN],
    [7, exportRequest("m"), UNKNOWN],
    [7, exportRequest("m/a/"), UNKNOWN],
    [7, exportRequest("m/../m/a"), UNKNOWN],
    [7, exportRequest("../etc/passwd"), UNKNOWN],
    [7, exportRequest(""), UNKNOWN],
    [10, pack([4, 3], "m/a", [4, 0]), INVALID],
    [9, pack([4, 3], "m/a", [4, 0xffffffff]), INVALID],
  ];
  for (const [number, data, expected] of refused) {
    await client.send(option(number, data));
    const [type] = await client.reply();
    assertEquals(type, expected, `option ${number} with ${data}`);
  }
  await client.send(option(7, exportRequest("m/a")));
  assertEquals((await client.reply())[0], 3);
  assertEquals(served.failures, []);
});

Deno.test("serveNbd: ABORT gets its reply, and the connection is closed", async () => {
  await using served = await serveOne();
  using client = await RawClient.connect(served.server.port);
  await client.send(option(2));
  assertEquals(await client.reply(), [1, pack()]);
  await client.closed();
  assertEquals(served.failures, []);
});

Deno.test("serveNbd: requests that are not valid get EINVAL, and the next one its data", async () => {
  await using served = await serveOne();
  using client = await RawClient.open(served.server.port, "m/a");
  const refused = [
    request(0, 999, 2),
    request(0, 2n ** 64n - 1n, 1),
    request(0, 0, 0xffffffff),
    request(0, 0, 1, 1n, 0x8000),
    request(99, 0, 1),
    request(3, 0, 0),
    request(7, 0, 1),
  ];
  for (const bytes of refused) {
    await client.send(bytes);
    assertEquals(await client.simpleReply(), 22);
  }
  await client.send(request(1, 0, 100), new Uint8Array(100));
  assertEquals(await client.simpleReply(), 1);
  await client.send(request(0, 0, 0), request(0, 998, 2));
  assertEquals([await client.simpleReply(), await client.simpleReply()], [0, 0]);
  assertEquals(await client.read(2), new Uint8Array([7, 7]));
});

Deno.test("serveNbd: the only image that is named is the default export, others are not served", async () => {
  await using served = await serveOne({ paths: ["/m/a"] });
  await served.vfs.writeFile("/m/b", new Uint8Array(1));
  (await RawClient.open(served.server.port, ""))[Symbol.dispose]();
  using client = await RawClient.connect(served.server.port);
  await client.send(option(7, exportRequest("m/b")), option(3));
  assertEquals((await client.reply())[0], UNKNOWN);
  assertEquals(await client.reply(), [2, pack([4, 3], "m/a")]);
  assertEquals(await client.reply(), [1, pack()]);
});

Deno.test("serveNbd: lists 1,000 images at most, and reports that there are more", async () => {
  await using served = await serveOne();
  for (let i = 0; i < 1000; i++) await served.vfs.writeTextFile(`/m/${i}`, "");
  using client = await RawClient.connect(served.server.port);
  await client.send(option(3));
  let count = 0;
  while ((await client.reply())[0] === 2) count++;
  assertEquals(count, 1000);
  assertMatch(`${served.failures[0]?.error}`, /more than 1000 images/);
});

Deno.test("serveNbd: closes a client that does not choose an image in time", async () => {
  await using served = await serveOne({ handshakeTimeout: 50 });
  await assertClosesSilent(served, await RawClient.connect(served.server.port), /sends nothing/);
});

Deno.test("serveNbd: closes a client that uses an image and is silent, if that has a limit", async () => {
  await using served = await serveOne({ idleTimeout: 50 });
  const client = await RawClient.open(served.server.port, "m/a");
  await assertClosesSilent(served, client, /sends nothing/);
});

Deno.test("serveNbd: closes a client that takes no replies", async () => {
  await using served = await serveOne({ stallTimeout: 50 });
  await served.vfs.writeFile("/m/large", new Uint8Array(32 * 1024 * 1024));
  const client = await RawClient.open(served.server.port, "m/large");
  await client.send(request(0, 0, 32 * 1024 * 1024), request(0, 0, 32 * 1024 * 1024));
  await until("the log", () => Promise.resolve(served.failures.length > 0));
  await assertClosesSilent(served, client, /receives nothing/);
});

async function assertClosesSilent(
  served: ServedImages,
  client: RawClient,
  log: RegExp,
): Promise<void> {
  using _ = client;
  await client.closed();
  await until("the log", () => Promise.resolve(served.failures.length > 0));
  assertMatch(`${served.failures[0]!.error}`, log);
}

Deno.test("serveNbd: closes connections above the limit, and serves those that it has", async () => {
  await using served = await serveOne({ maxConnections: 2 });
  const { port } = served.server;
  using first = await RawClient.open(port, "m/a");
  using _second = await RawClient.open(port, "m/a");
  using third = await Deno.connect({ hostname: "127.0.0.1", port });
  assertEquals(await third.read(new Uint8Array(1)).catch(() => null), null);
  assertMatch(`${served.failures[0]!.error}`, /more than 2 connections/);
  await first.send(request(0, 0, 1));
  assertEquals(await first.simpleReply(), 0);
});

Deno.test("serveNbd: replies may come in any order, each whole", async () => {
  await using served = await serveOne();
  const bytes = Uint8Array.from({ length: 1000 }, (_, at) => at % 251);
  await served.vfs.writeFile("/m/b", bytes);
  using client = await RawClient.open(served.server.port, "m/b");
  const offsets = Array.from({ length: 100 }, (_, at) => at * 9);
  await client.send(...offsets.map((offset) => request(0, offset, 9, BigInt(offset))));
  const seen: number[] = [];
  for (const _ of offsets) {
    const head = new DataView((await client.read(16)).buffer);
    const offset = Number(head.getBigUint64(8));
    assertEquals(await client.read(9), bytes.subarray(offset, offset + 9).slice());
    seen.push(offset);
  }
  assertEquals(seen.sort((a, b) => a - b), offsets);
});

Deno.test("serveNbd: what comes in one packet gets its replies, from the first option to DISC", async () => {
  await using served = await serveOne();
  using client = await RawClient.connect(served.server.port);
  const reads = Array.from({ length: 40 }, (_, at) => request(0, at, 1));
  await client.send(pack(option(8), option(7, exportRequest("m/a")), ...reads, request(2, 0, 0)));
  for (const type of [1, 3, 1]) assertEquals((await client.reply())[0], type);
  for (const _ of reads) assertEquals((await client.chunk())[0], 1);
  await client.closed();
  assertEquals(served.failures, []);
});

Deno.test("NbdServer.stop: requests in progress get their replies, and clients are closed", async () => {
  await using served = await serveOne();
  using client = await RawClient.open(served.server.port, "m/a");
  using idle = await RawClient.connect(served.server.port);
  await client.send(request(0, 0, 1000));
  assertEquals(await client.simpleReply(), 0);
  const stopped = served.server.stop();
  await client.read(1000);
  await stopped;
  await served.server.finished;
  await Promise.all([client.closed(), idle.closed()]);
  assert(await served.connect().then(() => false, () => true), "nobody listens");
});
