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
 * @param store A store that can be written.
 * @param clients The programs.
 * @param readStore The store that is served. Default: the same.
 */
export async function checkSizes(
  store: Store,
  clients: Endpoints,
  readStore: Store = store,
): Promise<void> {
  const data = randomBytes(4 * MIB + 1);
  await using served = await ServedImages.start({ [readStore.name]: readStore });
  const { nbdcopy, nbdinfo, "qemu-img": qemuImg } = clients;
  for (const size of SIZES) {
    const bytes = data.subarray(0, size);
    const imageId = `nbd-${crypto.randomUUID()}.img`;
    await store.add(imageId, bytes);
    const uri = served.server.uriOf(`/${readStore.name}/${imageId}`);
    const file = served.path(`${size}.img`);
    assertEquals(Number(await served.output(nbdinfo, "--size", uri)), size);
    await served.output(nbdcopy, "--connections=4", uri, file);
    assertEquals(await sha256(await Deno.readFile(file)), await sha256(bytes), `${size} bytes`);
    const compared = await served.output(
      qemuImg,
      ...["compare", "-f", "raw", "-F", "raw", uri, file],
    );
    assertEquals(compared, "Images are identical.\n");
    await store.delete(imageId);
  }
  assertEquals(served.failures, []);
}
