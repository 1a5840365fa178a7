/**
 * Copies of images with holes: only their data is read and written, and the copy has holes.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { ImageChanged, Vfs } from "@vitrine/vitrine";
import { FileStore } from "@vitrine/vitrine/file";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { bytesMoved, MIB, SPARSE_IMAGES, sparseBytes, writeSparse } from "./sparse_images.ts";

/** Asserts that a file has the bytes of an image, and takes no more room than its data. */
async function assertSparse(path: string, image: typeof SPARSE_IMAGES[number]): Promise<void> {
  assert(sameBytes(await Deno.readFile(path), sparseBytes(image)), `${path} has other bytes`);
  const { blocks } = await Deno.stat(path);
  // Each part of data may begin and end inside a block of 64 KiB.
  const most = Math.min(image.data.length * 131_072, image.size + 4096);
  assert(blocks! * 512 <= most, `${path} takes ${blocks! * 512} bytes, expected up to ${most}`);
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

Deno.test({
  name:
    "Vfs.copyFile: a copy between file stores reads and writes the data alone, and has the holes",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const folder = await Deno.makeTempDir();
    for (const name of ["a", "b"]) await Deno.mkdir(`${folder}/${name}`);
    await using a = new FileStore("a", { datadir: `${folder}/a` });
    await using b = new FileStore("b", { datadir: `${folder}/b` });
    const vfs = new Vfs({ a, b });
    // What a first copy loads is not counted.
    await vfs.writeFile("/a/first", new Uint8Array(5 * MIB));
    await vfs.copyFile("/a/first", "/b/first");
    for (const image of SPARSE_IMAGES) {
      await writeSparse(`${folder}/a/${image.name}`, image);
      const before = await bytesMoved();
      await vfs.copyFile(`/a/${image.name}`, `/b/${image.name}`);
      await vfs.copyFile(`/a/${image.name}`, `/a/copy-${image.name}`);
      await vfs.rename(`/a/copy-${image.name}`, `/b/moved-${image.name}`);
      const after = await bytesMoved();
      const most = 3 * image.data.length * 131_072 + MIB;
      for (const way of ["read", "written"] as const) {
        const count = after[way] - before[way];
        assert(count <= most, `${image.name}: ${count} bytes ${way}, expected up to ${most}`);
      }
      await assertSparse(`${folder}/b/${image.name}`, image);
      await assertSparse(`${folder}/b/moved-${image.name}`, image);
      const { multihash } = await b.stat(image.name);
      const sha512 = new Uint8Array(await crypto.subtle.digest("SHA-512", sparseBytes(image)));
      assertEquals(multihash?.value, sha512.toHex());
    }
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test("Vfs.copyTree: an image with holes in memory becomes a file with holes", async () => {
  const folder = await Deno.makeTempDir();
  await using memory = new MemoryStore("memory");
  await using files = new FileStore("files", { datadir: folder });
  const vfs = new Vfs({ memory, files });
  for (const image of SPARSE_IMAGES) {
    await vfs.writeFile(`/memory/${image.name}`, sparseBytes(image));
  }
  await vfs.copyTree("/memory", "/files");
  for (const image of SPARSE_IMAGES) await assertSparse(`${folder}/${image.name}`, image);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("FileStore.add: `sparse` leaves zeros out, and without it a full image stays full", async () => {
  const folder = await Deno.makeTempDir();
  await using files = new FileStore("files", { datadir: folder });
  const [image] = SPARSE_IMAGES as [typeof SPARSE_IMAGES[number]];
  await files.add("full", sparseBytes(image));
  await files.add("thin", sparseBytes(image), { sparse: true });
  await assertSparse(`${folder}/thin`, image);
  const { blocks } = await Deno.stat(`${folder}/full`);
  assert(blocks! * 512 >= image.size, `the full image takes ${blocks! * 512} bytes`);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("FileStore.add: a verifier sees how many bytes of an image with holes are written", async () => {
  const folder = await Deno.makeTempDir();
  await using files = new FileStore("files", { datadir: folder });
  const image = { name: "thin", size: 12 * MIB, data: [0, 9 * MIB] };
  const seen: unknown[] = [];
  const verifier = { update: (_chunk: Uint8Array, moved?: number) => seen.push(moved) };
  await files.add("thin", sparseBytes(image), { sparse: true, verifier });
  await files.add("full", sparseBytes(image), { verifier });
  assertEquals(seen, [65_536, 0, 65_536, undefined, undefined, undefined]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("FileStore.get: a file that is cut while its holes are read is ImageChanged", async () => {
  const folder = await Deno.makeTempDir();
  await using files = new FileStore("files", { datadir: folder });
  await writeSparse(`${folder}/thin`, { name: "thin", size: 64 * MIB, data: [0, 60 * MIB] });
  const { reader } = await files.get("thin");
  let view = await reader.read(new Uint8Array(4 * MIB));
  await Deno.truncate(`${folder}/thin`, 32 * MIB);
  let failure: unknown;
  try {
    while (view.length > 0) view = await reader.read(new Uint8Array(4 * MIB));
  } catch (error) {
    failure = error;
  } finally {
    await reader.close();
  }
  assertInstanceOf(failure, ImageChanged);
  await Deno.remove(folder, { recursive: true });
});
