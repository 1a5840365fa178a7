/**
 * The holes that stores know of.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { FileStore } from "@vitrine/vitrine/file";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { ExtentList } from "../../store/extents.ts";

const MIB = 1024 * 1024;

Deno.test("ExtentList.add: joins what is alike, and ends with the range or after 1,024 extents", () => {
  const list = new ExtentList(5, 10_000);
  for (let i = 0; !list.isFull; i++) list.add(i % 2 === 0 ? "data" : "hole", 1);
  assertEquals(list.extents.length, 1024);
  assertEquals(list.position, 5 + 1024);
  const short = new ExtentList(0, 3);
  short.add("hole", 2);
  short.add("hole", Infinity);
  assertEquals(short.extents, [{ kind: "hole", offset: 0, length: 3 }]);
  assertEquals(short.isFull, true);
});

Deno.test("MemoryStore.open: chunks of zeros are holes", async () => {
  await using store = new MemoryStore("memory");
  const bytes = new Uint8Array(13 * MIB);
  bytes[5 * MIB] = 1;
  await store.add("thin", bytes);
  await using handle = await store.open("thin");
  assertEquals(await handle.extents(MIB, 99 * MIB), [
    { kind: "hole", offset: MIB, length: 3 * MIB },
    { kind: "data", offset: 4 * MIB, length: 4 * MIB },
    { kind: "hole", offset: 8 * MIB, length: 5 * MIB },
  ]);
});

Deno.test({
  name: "FileStore.open: finds the holes of a sparse file",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const datadir = await Deno.makeTempDir();
    {
      using file = await Deno.open(`${datadir}/thin`, { write: true, createNew: true });
      await file.truncate(3 * MIB + 5);
      await file.seek(MIB, Deno.SeekMode.Start);
      await file.write(new Uint8Array(65_536).fill(1));
    }
    await using store = new FileStore("files", { datadir });
    {
      await using handle = await store.open("thin");
      assertEquals(await handle.extents(4096, 3 * MIB + 5), [
        { kind: "hole", offset: 4096, length: MIB - 4096 },
        { kind: "data", offset: MIB, length: 65_536 },
        { kind: "hole", offset: MIB + 65_536, length: 2 * MIB + 5 - 65_536 },
      ]);
    }
    await Deno.remove(datadir, { recursive: true });
  },
});
