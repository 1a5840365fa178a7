/**
 * What clients see of the images of any store.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Store } from "../../mod.ts";
import type { Endpoints } from "../services/mod.ts";
import { randomBytes, ServedImages, sha256 } from "./served_images.ts";

const MIB = 1024 * 1024;
/** The sizes of the images, in bytes. */
const SIZES = [0, 1, 511, 512, 4 * MIB - 1, 4 * MIB, 4 * MIB + 1];

/**
 * Checks that `nbdinfo`, `nbdcopy` and `qemu-img` read images of every size as they are.
 *
 * @param store A store that can be written, and is removed from at the end.
 * @param readStore The store that is served. Default: the same.
 * @param clients The programs.
 */
export async function checkSizes(
  store: Store,
  clients: Endpoints,
  readStore: Store = store,
): Promise<void> {
  const data = randomBytes(4 * MIB + 1);
  await using served = await ServedImages.start({ images: readStore });
  const { nbdcopy, nbdinfo, "qemu-img": qemuImg } = clients;
  for (const size of SIZES) {
    const bytes = data.subarray(0, size);
    await store.add(`sizes/${size}.img`, bytes);
    const uri = served.server.uriOf(`/images/sizes/${size}.img`);
    const file = served.path(`${size}.img`);
    assertEquals(Number(await served.output(nbdinfo, "--size", uri)), size);
    await served.output(nbdcopy, "--connections=4", uri, file);
    assertEquals(await sha256(await Deno.readFile(file)), await sha256(bytes), `${size} bytes`);
    const compared = await served.output(
      qemuImg,
      ...["compare", "-f", "raw", "-F", "raw", uri, file],
    );
    assertEquals(compared, "Images are identical.\n");
    await store.delete(`sizes/${size}.img`);
  }
  assertEquals(served.failures, []);
}
