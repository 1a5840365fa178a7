/**
 * How much space a pool takes.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { serviceTest } from "../services/mod.ts";
import { freshId, MIB, randomBytes, storeOn } from "./support.ts";

serviceTest("RbdStore.usage: counts the images of the pool", "ceph", async ({ ceph }) => {
  await using store = storeOn(ceph);
  const id = freshId();
  await store.add(id, randomBytes(MIB));
  try {
    const { images, ...space } = await store.usage();
    assert(images! >= 1);
    // The cluster of the tests has no ceph-mgr, which is what knows the space.
    assertEquals(space, {});
  } finally {
    await store.delete(id);
  }
});
