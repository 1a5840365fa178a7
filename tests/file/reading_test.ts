/**
 * How images are read: small ranges at once where the system has them at hand, large ones by two
 * threads, and always from the file that was opened.
 *
 * @module
 */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { ImageChanged } from "@vitrine/vitrine";
import { FileStore } from "@vitrine/vitrine/file";
import { open } from "node:fs/promises";
import { pageCacheReads } from "../../drivers/file/page_cache_read.ts";
import { writeRandom } from "../random_file.ts";
import { descriptorsOf, inFolder, MIB, run } from "./support.ts";

const canReadCached = Deno.build.os === "linux";

/** Takes a file out of the page cache. */
const evict = (path: string) =>
  run("dd", "if=/dev/null", `of=${path}`, "oflag=nocache", "conv=notrunc,fdatasync", "count=0");

Deno.test("FileStore.get: ranges of every size hold what the file holds, in the page cache or not", async () => {
  await inFolder(async (datadir) => {
    const path = `${datadir}/image`;
    await writeRandom(path, 12);
    const all = await Deno.readFile(path);
    await using store = new FileStore("files", { datadir });
    const ranges: [number, number][] = [[0, 1], [all.length - 1, 1], [4095, 2], [all.length, 0]];
    for (const size of [65_536, 262_144, 262_145, 2 * MIB, 4 * MIB, 9 * MIB]) {
      for (let i = 0; i < 5; i++) {
        ranges.push([Math.floor(Math.random() * (all.length - size)), size]);
      }
    }
    for (const cold of [false, true]) {
      for (const [offset, length] of ranges) {
        if (cold) await evict(path);
        const expected = all.subarray(offset, offset + length);
        const { stream } = await store.get("image", { offset, length });
        assertEquals(await new Response(stream).bytes() as Uint8Array, expected);
        const whole = new Uint8Array(length);
        await using handle = await store.open("image");
        assertEquals(await handle.read(whole, offset), length);
        assertEquals(whole, expected);
      }
    }
  });
});

Deno.test({
  name:
    "FileStore.get: a small read is done at once from the page cache, and never waits for the disk",
  ignore: !canReadCached,
  fn: async () => {
    // A disk: the folder for temporary files may be memory, which has no such reads.
    const path = await Deno.makeTempFile({ dir: "/var/tmp" });
    const file = await open(path, "r+");
    try {
      const data = crypto.getRandomValues(new Uint8Array(65_536));
      await file.write(data, 0, data.length, 0);
      const read = pageCacheReads(file.fd, await file.stat({ bigint: true }))!;
      const view = new Uint8Array(data.length);
      assertEquals(read(view, 0), data.length);
      assertEquals(view, data);
      assertEquals(read(view, data.length), 0, "nothing at the end");
      await evict(path);
      assertEquals(read(view, 0), 0, "nothing that is not in memory");
    } finally {
      await file.close();
      await Deno.remove(path);
    }
  },
});

Deno.test("FileStore.get: no file is read by a descriptor that is another one's", async () => {
  await inFolder(async (folder) => {
    for (const name of ["one", "other"]) await Deno.writeTextFile(`${folder}/${name}`, name);
    const one = await open(`${folder}/one`);
    const other = await open(`${folder}/other`);
    assertEquals(pageCacheReads(one.fd, await other.stat({ bigint: true })), undefined);
    await one.close();
    await other.close();
  });
});

Deno.test("FileStore.get: a file that was closed is not read, whatever has its descriptor by then", async () => {
  await inFolder(async (datadir) => {
    for (const name of ["image", "other"]) await Deno.writeTextFile(`${datadir}/${name}`, name);
    await using store = new FileStore("files", { datadir });
    const handle = await store.open("image");
    await handle.close();
    const others = await Promise.all(Array.from({ length: 8 }, () => store.open("other")));
    const view = new Uint8Array(5);
    await assertRejects(() => handle.read(view, 0));
    assertEquals(view, new Uint8Array(5));
    for (const other of others) await other.close();

    const path = `${datadir}/large`;
    await writeRandom(path, 4);
    const large = await store.open("large");
    await large.close();
    await assertRejects(() => large.read(new Uint8Array(4 * MIB), 0));
    assertEquals(await descriptorsOf(path), 0);
  });
});

Deno.test("FileStore.open: a handle fails once its file was written in place", async () => {
  await inFolder(async (datadir) => {
    const path = `${datadir}/image`;
    await using store = new FileStore("files", { datadir });
    await Deno.writeFile(path, new Uint8Array(100).fill(1));
    await using handle = await store.open("image");
    const view = new Uint8Array(10);
    assertEquals(await handle.read(view, 0), 10);
    using file = await Deno.open(path, { write: true });
    await file.write(new Uint8Array(100).fill(2));
    await file.utime(1, 1);
    await assertRejects(() => handle.read(view, 0), ImageChanged);
  });
});

Deno.test("FileStore.get: an image that is replaced while it is read gives its own bytes or an error", async () => {
  await inFolder(async (datadir) => {
    const path = `${datadir}/image`;
    await using store = new FileStore("files", { datadir });
    await Deno.writeFile(path, new Uint8Array(16 * MIB).fill(1));
    await Deno.writeFile(`${datadir}/next`, new Uint8Array(16 * MIB).fill(2));
    const { stream } = await store.get("image");
    await Deno.rename(`${datadir}/next`, path);
    try {
      for await (const chunk of stream) assert(chunk.every((byte) => byte === 1));
    } catch (error) {
      assertInstanceOf(error, ImageChanged);
    }
  });
});

Deno.test("FileStore.get: a read that is stopped leaves no descriptor open", async () => {
  await inFolder(async (datadir) => {
    const path = `${datadir}/image`;
    await using store = new FileStore("files", { datadir });
    await writeRandom(path, 32);
    const some = async (reader: ReadableStreamDefaultReader, chunks: number) => {
      for (let i = 0; i < chunks; i++) await reader.read();
    };
    for (const chunks of [0, 1, 4, 9]) {
      const abort = new AbortController();
      const cancelled = (await store.get("image")).stream.getReader();
      const aborted = (await store.get("image", { signal: abort.signal })).stream.getReader();
      await Promise.all([some(cancelled, chunks), some(aborted, chunks)]);
      await cancelled.cancel();
      if (chunks < 9) abort.abort();
      await aborted.read().catch(() => {});
      await (await store.get("image", { length: 1 })).stream.cancel();
      // An abort does not wait for the file to be closed.
      const deadline = Date.now() + 5_000;
      while (await descriptorsOf(path) > 0) assert(Date.now() < deadline, `${chunks} chunks`);
    }
  });
});
