/**
 * The digests that a file store keeps beside its images.
 *
 * @module
 */
import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { ChecksumMismatch, ImageChanged, Invalid } from "@vitrine/vitrine";
import { FileStore } from "@vitrine/vitrine/file";
import { inFolder, MIB, tree } from "./support.ts";

async function readAll(store: FileStore, imageId: string, verify: boolean): Promise<number> {
  const { stream } = await store.get(imageId, { verify });
  return (await new Response(stream).arrayBuffer()).byteLength;
}

Deno.test("FileStore digests: stay with their image through copies and renames, and go with it", async () => {
  await inFolder(async (datadir) => {
    const store = new FileStore("files", { datadir });
    const { checksum, multihash } = await store.add("a", new Uint8Array(5 * MIB), {
      hashingAlgo: "sha256",
    });
    await store.copy("a", "b");
    await store.rename("a", "deep/c");
    for (const imageId of ["b", "deep/c"]) {
      const stat = await new FileStore("again", { datadir }).stat(imageId);
      assertEquals([stat.checksum, stat.multihash], [checksum, multihash]);
      assertEquals(await readAll(store, imageId, true), 5 * MIB);
    }
    await store.delete("b");
    await store.delete("deep/c");
    const left = (await tree(datadir)).filter((path) => !/^\.vitrine\/digests\/..\/$/.test(path));
    assertEquals(left, [".vitrine/", ".vitrine/digests/", ".vitrine/tmp/"]);
  });
});

Deno.test("FileStore digests: an image that another program wrote has no digests, and cannot be verified", async () => {
  await inFolder(async (datadir) => {
    const store = new FileStore("files", { datadir });
    await store.configure();
    await Deno.writeTextFile(`${datadir}/foreign`, "hello");
    const stat = await store.stat("foreign");
    assertEquals([stat.size, stat.checksum, stat.multihash], [5, undefined, undefined]);
    assertEquals(await readAll(store, "foreign", false), 5);
    await assertRejects(() => store.get("foreign", { verify: true }), Invalid, "nothing is known");
    await store.copy("foreign", "copy");
    assertEquals((await store.stat("copy")).checksum, undefined);
  });
});

Deno.test("FileStore.stat: gives no digests of a file that was replaced or changed", async () => {
  await inFolder(async (datadir) => {
    const store = new FileStore("files", { datadir });
    for (const imageId of ["replaced", "changed", "truncated", "touched"]) {
      await store.add(imageId, new Blob(["hello"]));
    }
    const { etag } = await store.stat("replaced");
    await Deno.remove(`${datadir}/replaced`);
    await Deno.writeTextFile(`${datadir}/replaced`, "other");
    await Deno.writeTextFile(`${datadir}/changed`, "other");
    await Deno.truncate(`${datadir}/truncated`, 2);
    await Deno.utime(`${datadir}/touched`, 1, 1);
    for (const imageId of ["replaced", "changed", "truncated", "touched"]) {
      assertEquals((await store.stat(imageId)).checksum, undefined, imageId);
    }
    assertNotEquals((await store.stat("replaced")).etag, etag);
  });
});

Deno.test("FileStore.get: bytes that changed under their digests fail verification", async () => {
  await inFolder(async (datadir) => {
    const store = new FileStore("files", { datadir });
    await store.add("a", new Uint8Array(5 * MIB));
    const { mtime } = await Deno.stat(`${datadir}/a`);
    {
      using file = await Deno.open(`${datadir}/a`, { write: true });
      await file.write(new Uint8Array([1]));
    }
    await Deno.utime(`${datadir}/a`, mtime!, mtime!);
    await assertRejects(() => readAll(store, "a", true), ChecksumMismatch);
  });
});

Deno.test("FileStore digests: those that cannot be written or read do not fail an add or a stat", async () => {
  await inFolder(async (datadir) => {
    const store = new FileStore("files", { datadir });
    await store.add("first", new Uint8Array(1));
    await Deno.remove(`${datadir}/.vitrine/digests`, { recursive: true });
    await Deno.writeTextFile(`${datadir}/.vitrine/digests`, "in the way");
    await store.add("a", new Blob(["hello"]));
    assertEquals((await store.stat("a")).checksum, undefined);
    await Deno.remove(`${datadir}/.vitrine/digests`);

    await Deno.mkdir(`${datadir}/.vitrine/digests`);
    await store.add("b", new Blob(["hello"]));
    for (const path of await tree(`${datadir}/.vitrine/digests`)) {
      if (path.endsWith("/")) continue;
      await Deno.writeTextFile(
        `${datadir}/.vitrine/digests/${path}`,
        '{"path": "b", "checksum": "',
      );
    }
    assertEquals((await store.stat("b")).size, 5);
    assertEquals((await store.stat("b")).checksum, undefined);
  });
});

Deno.test("FileStore.get: an image that is written in place while it is read is ImageChanged, not a mixture", async () => {
  await inFolder(async (datadir) => {
    const store = new FileStore("files", { datadir });
    for (
      const [imageId, change] of Object.entries({
        shorter: (path: string) => Deno.truncate(path, 5 * MIB),
        longer: (path: string) => Deno.writeTextFile(path, "more", { append: true }),
        other: (path: string) => Deno.writeFile(path, new Uint8Array(9 * MIB).fill(1)),
      })
    ) {
      await store.add(imageId, new Uint8Array(9 * MIB));
      const { stream } = await store.get(imageId);
      const reader = stream.getReader();
      await reader.read();
      await change(`${datadir}/${imageId}`);
      await assertRejects(async () => {
        while (!(await reader.read()).done);
      }, ImageChanged);
    }
  });
});

Deno.test("FileStore.get: an image that is deleted while it is read is read to its end", async () => {
  await inFolder(async (datadir) => {
    const store = new FileStore("files", { datadir });
    await store.add("a", new Uint8Array(9 * MIB));
    const { stream } = await store.get("a");
    const reader = stream.getReader();
    let count = (await reader.read()).value!.length;
    await store.delete("a");
    await store.add("a", new Uint8Array(3));
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      count += part.value.length;
    }
    assertEquals(count, 9 * MIB);
  });
});
