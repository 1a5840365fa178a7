/**
 * Copies of images with holes from Ceph to files and back: only their data moves.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Vfs } from "@vitrine/vitrine";
import { FileStore } from "@vitrine/vitrine/file";
import { Image } from "../../drivers/rbd/image.ts";
import { Snapshot } from "../../drivers/rbd/snapshot.ts";
import { serviceTest } from "../services/mod.ts";
import { MIB, SPARSE_IMAGES, sparseBytes, writeSparse } from "../store/sparse_images.ts";
import { freshId, rbd, sha512, storeOn } from "./support.ts";

/** Counts the bytes that go through a method of librbd's images while some work is done. */
async function counted(
  prototype: Image | Snapshot,
  method: string,
  length: (...args: never[]) => number,
  work: () => Promise<unknown>,
): Promise<number> {
  const methods = prototype as unknown as Record<string, (...args: never[]) => Promise<void>>;
  const original = methods[method]!;
  let bytes = 0;
  methods[method] = function (this: unknown, ...args: never[]) {
    bytes += length(...args);
    return original.apply(this, args);
  };
  try {
    await work();
  } finally {
    methods[method] = original;
  }
  return bytes;
}

serviceTest(
  "Vfs.copyFile: a thin image goes to Ceph and back by its data alone, and stays thin",
  "ceph",
  async ({ ceph }) => {
    const folder = await Deno.makeTempDir();
    await using files = new FileStore("files", { datadir: folder });
    // Objects of 4 MiB; images without holes are stored whole.
    await using images = storeOn(ceph, { chunkSize: 4 });
    const vfs = new Vfs({ files, ceph: images });
    for (const image of SPARSE_IMAGES) {
      const id = freshId();
      await writeSparse(`${folder}/${id}`, image);
      // Each part of the data may lie in two objects.
      const most = Math.min(image.size, image.data.length * 8 * MIB);
      let moved = 0;
      const verifier = { update: ({ length }: Uint8Array, count = length) => moved += count };
      const written = await counted(
        Image.prototype,
        "write",
        (_offset: number, bytes: Uint8Array) => bytes.length,
        () => vfs.copyFile(`/files/${id}`, `/ceph/${id}`, { verifier }),
      );
      assertEquals(moved, written, image.name);
      if (image.size > MIB) assert(written <= most, `${image.name}: ${written} bytes written`);
      const { images: [{ used_size: used }] } = JSON.parse(
        await rbd(ceph, "du", `${id}@snap`, "--format=json"),
      );
      if (image.size > MIB) assert(used <= most + 4 * MIB, `${image.name} takes ${used} bytes`);
      const read = await counted(
        Snapshot.prototype,
        "read",
        (view: Uint8Array) => view.length,
        () => vfs.copyFile(`/ceph/${id}`, `/files/back-${id}`),
      );
      if (image.size > 4 * MIB) assert(read <= most, `${image.name}: ${read} bytes read`);
      const back = await Deno.readFile(`${folder}/back-${id}`);
      assertEquals(await sha512(back), await sha512(sparseBytes(image)), image.name);
      const { blocks } = await Deno.stat(`${folder}/back-${id}`);
      const data = image.data.length * 131_072;
      if (image.size > 4 * MIB) {
        assert(
          blocks! * 512 <= Math.min(data, image.size + 4096),
          `${blocks! * 512} bytes on disk`,
        );
      }
      await images.delete(id);
    }
    await Deno.remove(folder, { recursive: true });
  },
);

serviceTest(
  "RbdStore.get: an image that is removed while its holes are read is NotFound",
  "ceph",
  async ({ ceph }) => {
    await using images = storeOn(ceph, { chunkSize: 4, thinProvisioning: true });
    const id = freshId();
    await images.add(id, sparseBytes(SPARSE_IMAGES[0]!));
    const { reader, isSparse } = await images.get(id);
    assertEquals(isSparse, true);
    await reader.read(new Uint8Array(4 * MIB));
    await rbd(ceph, "snap", "unprotect", `${id}@snap`);
    await rbd(ceph, "snap", "rm", `${id}@snap`);
    await rbd(ceph, "rm", id);
    let failure: unknown;
    try {
      while ((await reader.read(new Uint8Array(4 * MIB))).length > 0);
    } catch (error) {
      failure = error;
    } finally {
      await reader.close();
    }
    assert(failure instanceof Error && failure.name === "NotFound", `${failure}`);
  },
);
