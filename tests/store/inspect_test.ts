/**
 * Images are judged while they are added and where they are stored.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { FileStore } from "../../drivers/file/mod.ts";
import { MemoryStore } from "../../drivers/memory/mod.ts";
import {
  type AcceptPolicy,
  BadStoreConfiguration,
  ImageFormatRefused,
  Invalid,
  type Store,
  StorePresignNotSupported,
} from "../../mod.ts";
import { hostileVmdk, qcow2Image } from "./images.ts";

const { unsafe: HOSTILE, safe: SOUND } = qcow2Image();

async function namesIn(store: Store): Promise<string[]> {
  const names: string[] = [];
  for await (const { path } of store.list({ recursive: true })) names.push(path);
  return names;
}

Deno.test("Store.add: says what the image is, and keeps it for stat and inspect", async () => {
  const directory = await Deno.makeTempDir();
  const stores = [new MemoryStore("memory"), new FileStore("file", { datadir: directory })];
  for (const store of stores) {
    const added = await store.add("sound.qcow2", SOUND);
    assertEquals([added.format, added.virtualSize], ["qcow2", 5 * 2 ** 20]);
    assertEquals(added.inspection?.safe, true);
    const { format, virtualSize, inspection } = await store.stat("sound.qcow2");
    assertEquals([format, virtualSize], ["qcow2", 5 * 2 ** 20]);
    assertEquals(inspection, added.inspection);
    assertEquals(await store.inspect("sound.qcow2"), added.inspection);
    await store.close();
  }
  await Deno.remove(directory, { recursive: true });
});

Deno.test("Store.add: stores an unsafe image with its findings where nothing is refused", async () => {
  const store = new MemoryStore("open");
  const { inspection } = await store.add("hostile.qcow2", HOSTILE);
  assertEquals(inspection?.safe, false);
  assertEquals(inspection?.findings[0]?.code, "backing-file");
});

Deno.test("Store.add: refuses what its policy, or the caller's, does not accept", async () => {
  const cases: [
    AcceptPolicy | undefined,
    AcceptPolicy | undefined,
    Uint8Array,
    RegExp | undefined,
  ][] = [
    [{ unsafe: false }, undefined, HOSTILE, /backing file is "\/etc\/passwd".*CVE-2015-5163/],
    [undefined, { unsafe: false }, HOSTILE, /backing-file/],
    // A caller's policy does not open the store's.
    [{ unsafe: false }, { unsafe: true }, HOSTILE, /backing-file/],
    [{ formats: ["raw", "iso"] }, undefined, SOUND, /is qcow2; accepted are raw, iso/],
    [{ formats: ["qcow2"] }, { formats: ["raw"] }, SOUND, /accepted are raw/],
    [{ formats: ["qcow2"], unsafe: false }, undefined, SOUND, undefined],
    [{ formats: ["raw"] }, undefined, new Uint8Array(1_000_000), undefined],
  ];
  for (const [policy, accept, image, message] of cases) {
    const store = new MemoryStore("store", policy ? { accept: policy } : {});
    const add = () => store.add("a.img", image, { accept });
    if (!message) await add();
    else {
      const error = await assertRejects(add, ImageFormatRefused);
      assert(message.test(error.message), error.message);
      assert(error.message.startsWith("store: add a.img: the image is "), error.message);
      assertEquals(await namesIn(store), []);
    }
  }
});

Deno.test("Store.add: an unsafe image is refused before the rest of it is read", async () => {
  const store = new MemoryStore("store", { accept: "safe" });
  let given = 0;
  async function* endless() {
    yield HOSTILE;
    for (;; given++) yield new Uint8Array(4 * 2 ** 20);
  }
  await assertRejects(() => store.add("a.img", endless()), ImageFormatRefused);
  assert(given < 10);
});

Deno.test("Store.add: holds the image to the format that is claimed", async () => {
  const store = new MemoryStore("store");
  await assertRejects(
    () => store.add("a", SOUND, { format: "vmdk" }),
    ImageFormatRefused,
    "to be vmdk",
  );
  await assertRejects(() => store.add("a", SOUND, { format: "nothing" }), Invalid, "no format");
  await store.add("a", SOUND, { format: "qcow2" });
  // Glance takes anything that is claimed to be raw, to be used as raw.
  await store.add("b", SOUND, { format: "raw" });
  await store.add("c", SOUND, { format: "vmdk", accept: { mismatch: true } });
});

Deno.test("Store.add: an odd partition table is refused by a policy alone", async () => {
  const table = new Uint8Array(1_000_000);
  table.set([0x55, 0xaa], 510);
  const open = new MemoryStore("open");
  assertEquals((await open.add("a", table)).inspection?.safe, true);
  const strict = new MemoryStore("strict", { accept: { oddTables: false } });
  await assertRejects(() => strict.add("a", table), ImageFormatRefused, "mbr-empty");
});

Deno.test("Store: accept is validated, and shown", () => {
  for (const accept of ["qcow2, raw, safe", { formats: ["vpc"], unsafe: false }]) {
    const store = new MemoryStore("store", { accept });
    assert(JSON.stringify(store).includes('"unsafe":false'));
  }
  for (const accept of ["qcow3", { formats: "raw" }, { safe: true }, { unsafe: "no" }, 7]) {
    const create = () => new MemoryStore("store", { accept: accept as AcceptPolicy });
    assertThrows(create, BadStoreConfiguration, 'option "accept" is');
  }
});

Deno.test("Store.copy: judges what another program put there, inside the backend too", async () => {
  const directory = await Deno.makeTempDir();
  const store = new FileStore("file", { datadir: directory, accept: "safe" });
  await Deno.writeFile(join(directory, "foreign.qcow2"), HOSTILE);
  await assertRejects(() => store.copy("foreign.qcow2", "copy.qcow2"), ImageFormatRefused);
  assertEquals(await namesIn(store), ["foreign.qcow2"]);
  await store.close();
  await Deno.remove(directory, { recursive: true });
});

Deno.test("Store.presign: makes no URL by which an image would pass the policy by", async () => {
  const store = new MemoryStore("store", { accept: "safe" });
  await assertRejects(
    () => store.presign("a", { method: "PUT" }),
    StorePresignNotSupported,
  );
});

Deno.test("Store.inspect: reads an image that another program put there", async () => {
  const directory = await Deno.makeTempDir();
  const store = new FileStore("file", { datadir: directory });
  await Deno.writeFile(join(directory, "disk.vmdk"), hostileVmdk());
  const { format, dataFile, safe } = await store.inspect("disk.vmdk");
  assertEquals([format, dataFile, safe], ["vmdk", "/etc/passwd", false]);
  await Deno.writeFile(join(directory, "empty.img"), new Uint8Array());
  assertEquals((await store.inspect("empty.img")).format, "raw");
  await store.close();
  await Deno.remove(directory, { recursive: true });
});

Deno.test("Store.inspect: with kept false, reads the image in any case", async () => {
  const directory = await Deno.makeTempDir();
  const store = new FileStore("file", { datadir: directory });
  await store.add("a.img", SOUND);
  const path = join(directory, "a.img");
  const { mtime } = await Deno.stat(path);
  // Written over in place, so that it keeps its inode, its size and, by force, its date.
  await Deno.writeFile(path, HOSTILE);
  await Deno.utime(path, mtime!, mtime!);
  assertEquals((await store.inspect("a.img", { kept: false })).safe, false);
  await store.close();
  await Deno.remove(directory, { recursive: true });
});
