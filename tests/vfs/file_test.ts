/**
 * Open files whose image is replaced, and files that are closed.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { ImageChanged, Invalid, NotFound, Vfs } from "@vitrine/vitrine";
import { SeekMode } from "../../vfs/file.ts";
import { MemoryStore } from "@vitrine/vitrine/memory";

const OLD = "the old image";
const NEW = "THE NEW IMAGE";

/** A tree with a file that was opened before its image was replaced by one of the same size. */
async function replaced(isRanged: boolean) {
  const store = new MemoryStore("s");
  // Without handles of its own, the store reads by ranges.
  if (isRanged) Object.assign(store["driver"], { openHandle: undefined });
  const vfs = new Vfs({ s: store });
  await vfs.writeTextFile("/s/a", OLD);
  const file = await vfs.open("/s/a");
  await file.stat();
  await vfs.remove("/s/a");
  await vfs.writeTextFile("/s/a", NEW);
  return { vfs, file };
}

for (const isRanged of [false, true]) {
  const how = isRanged ? "read by ranges" : "with handles of its own";
  Deno.test(`VfsFile: never gives the bytes of another image (a store ${how})`, async () => {
    const { file } = await replaced(isRanged);
    const buffer = new Uint8Array(OLD.length);
    for (
      const read of [
        async () => (await file.read(buffer), new TextDecoder().decode(buffer)),
        () => new Response(file.readable).text(),
      ]
    ) {
      await file.seek(0, SeekMode.Start);
      try {
        assertEquals(await read(), OLD);
      } catch (error) {
        assert(error instanceof ImageChanged, `${error}`);
      }
    }
    await assertRejects(() => file.stat(), ImageChanged);
    await file.close();
  });
}

Deno.test("VfsFile.stat: is NotFound after the image was deleted", async () => {
  const { vfs, file } = await replaced(false);
  await vfs.remove("/s/a");
  await assertRejects(() => file.stat(), NotFound);
});

Deno.test("VfsFile.readable: begins at the position and leaves it where it is", async () => {
  const vfs = new Vfs({ s: new MemoryStore("s") });
  await vfs.writeTextFile("/s/a", OLD);
  await using file = await vfs.open("/s/a");
  await file.seek(4, 0);
  const { readable } = file;
  await file.seek(8, 0);
  assertEquals(await new Response(readable).text(), "old image");
  assertEquals(await new Response(file.readable).text(), "image");
  await file.seek(100, 0);
  assertEquals(await new Response(file.readable).text(), "");
});

Deno.test("VfsFile: fails once it is closed, streams of it too", async () => {
  const vfs = new Vfs({ s: new MemoryStore("s") });
  await vfs.writeTextFile("/s/a", OLD);
  const file = await vfs.open("/s/a");
  const { readable } = file;
  await file.close();
  await file.close();
  await assertRejects(() => file.read(new Uint8Array(1)), Invalid, "closed");
  await assertRejects(() => file.seek(0, 0), Invalid, "closed");
  await assertRejects(() => file.stat(), Invalid, "closed");
  await assertRejects(() => new Response(readable).text(), Invalid, "closed");
});
