/**
 * Which images clients may choose, and by what names.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { MemoryStore } from "../../drivers/memory/mod.ts";
import type { ServeNbdOptions } from "../../server/nbd/mod.ts";
import { exportRequest, option, pack, RawClient, request } from "./raw_client.ts";
import { ServedImages } from "./served_images.ts";

const [ACK, SERVER] = [1, 2];
const INVALID = 0x80000003;
const UNKNOWN = 0x80000006;
const [EXPORT_NAME, LIST, INFO, GO, STRUCTURED_REPLY, SET_META_CONTEXT] = [1, 3, 6, 7, 8, 10];
const [READ, BLOCK_STATUS] = [0, 7];

/** Serves a store with the images `m/a`, `m/b` and `m/folder/c`, each of its letter. */
async function serveThree(options: ServeNbdOptions = {}): Promise<ServedImages> {
  const served = await ServedImages.start({ m: new MemoryStore("m") }, options);
  for (const path of ["/m/a", "/m/b", "/m/folder/c"]) {
    await served.vfs.writeTextFile(path, path.at(-1)!);
  }
  return served;
}

/** Returns the type of the last reply to an option. */
async function optionResult(client: RawClient, bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  await client.send(bytes);
  let [type] = await client.reply();
  while (type === 3 || type === 4) [type] = await client.reply();
  return type;
}

async function listed(client: RawClient): Promise<string[]> {
  await client.send(option(LIST));
  const names: string[] = [];
  while (true) {
    const [type, data] = await client.reply();
    if (type === ACK) return names.sort();
    assertEquals(type, SERVER);
    names.push(new TextDecoder().decode(data.subarray(4)));
  }
}

Deno.test("serveNbd: of several paths, LIST has all images, and none is the default export", async () => {
  await using served = await serveThree({ paths: ["/m/a", "/m/folder"] });
  using client = await RawClient.connect(served.server.port);
  assertEquals(await listed(client), ["m/a", "m/folder/c"]);
  assertEquals(await optionResult(client, option(GO, exportRequest(""))), UNKNOWN);
  assertEquals(await optionResult(client, option(GO, exportRequest("m/b"))), UNKNOWN);
  assertEquals(await optionResult(client, option(GO, exportRequest("m/folder/c"))), ACK);
});

Deno.test("serveNbd: a directory that is named alone is no default export", async () => {
  await using served = await serveThree({ paths: ["/m/folder"] });
  using client = await RawClient.connect(served.server.port);
  assertEquals(await optionResult(client, option(GO, exportRequest(""))), UNKNOWN);
  assertEquals(await listed(client), ["m/folder/c"]);
});

Deno.test("serveNbd: EXPORT_NAME with the empty name is the default export", async () => {
  await using served = await serveThree({ paths: ["/m/b"] });
  using client = await RawClient.connect(served.server.port);
  await client.send(option(EXPORT_NAME));
  assertEquals((await client.read(10)).subarray(0, 8), pack([8, 1]));
  await client.send(request(READ, 0, 1));
  assertEquals(await client.simpleReply(), 0);
  assertEquals(await client.read(1), pack("b"));
});

Deno.test("serveNbd: names are paths in UTF-8, of up to 4,096 bytes", async () => {
  await using served = await serveThree();
  const long = ["m", ..."äöü".split("").map((letter) => letter.repeat(120)), "👋 名.img"].join("/");
  await served.vfs.writeTextFile(`/${long}`, "long");
  using client = await RawClient.connect(served.server.port);
  assertEquals((await listed(client)).includes(long), true);
  for (
    const [name, result] of [
      ["x".repeat(4096), UNKNOWN],
      ["m/" + "ü".repeat(2047), UNKNOWN],
      ["x".repeat(4097), INVALID],
      [`/${long}`, ACK],
    ] as const
  ) {
    assertEquals(await optionResult(client, option(INFO, exportRequest(name))), result, name);
  }
  assertEquals(await optionResult(client, option(GO, exportRequest(long))), ACK);
  assertEquals(served.failures, []);
});

Deno.test("serveNbd: an option that comes twice counts once, and SET_META_CONTEXT replaces", async () => {
  await using served = await serveThree();
  using client = await RawClient.connect(served.server.port);
  for (let i = 0; i < 2; i++) {
    assertEquals(await optionResult(client, option(STRUCTURED_REPLY)), ACK);
  }
  const base = "base:allocation";
  const contexts = (...names: string[]) =>
    option(
      SET_META_CONTEXT,
      pack(
        [4, 3],
        "m/a",
        [4, names.length],
        ...names.flatMap((name) => [[4, name.length] as const, name]),
      ),
    );
  assertEquals(await optionResult(client, contexts(base)), ACK);
  assertEquals(await optionResult(client, contexts("other:context")), ACK);
  assertEquals(await optionResult(client, option(GO, exportRequest("m/a"))), ACK);
  await client.send(request(BLOCK_STATUS, 0, 1));
  const [type, data] = await client.chunk();
  assertEquals([type, new DataView(data.buffer).getUint32(0)], [32769, 22]);
});

Deno.test("serveNbd: an image that is removed before GO is unknown, and after GO stays", async () => {
  await using served = await serveThree();
  using early = await RawClient.connect(served.server.port);
  assertEquals(await optionResult(early, option(INFO, exportRequest("m/a"))), ACK);
  using late = await RawClient.open(served.server.port, "m/b");
  for (const path of ["/m/a", "/m/b"]) await served.vfs.remove(path);
  assertEquals(await optionResult(early, option(GO, exportRequest("m/a"))), UNKNOWN);
  await late.send(request(READ, 0, 1));
  assertEquals(await late.simpleReply(), 0);
  assertEquals(await late.read(1), pack("b"));
  assertEquals(served.failures, []);
});
