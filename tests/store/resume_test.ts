/**
 * Adds with `resume` in stores that cannot resume, and of data whose size is not known.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { BitMasks, Invalid, StoreResumeNotSupported, Vfs } from "@vitrine/vitrine";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { S3Store } from "@vitrine/vitrine/s3";

Deno.test("Store.add: refuses resume where the store cannot resume", async () => {
  await using store = new MemoryStore("memory");
  await assertRejects(
    () => store.add("a", new Uint8Array(1), { resume: true }),
    StoreResumeNotSupported,
    "memory: add a: the store does not support it",
  );
  assertEquals(await Array.fromAsync(store.list()), []);
  await store.add("a", new Uint8Array(1), { resume: false });
});

Deno.test("Store.add: refuses resume of data whose size is not known", async () => {
  const fetch = () => Promise.reject(new Error("nothing is sent"));
  await using store = new S3Store("s3", { host: "http://s3.test", bucket: "images", fetch });
  const data = new Blob(["x"]).stream();
  await assertRejects(
    () => store.add("a", data, { resume: true }),
    Invalid,
    "the size of the data",
  );
});

for (const operation of ["syncTree", "copyTree"] as const) {
  Deno.test(`Vfs.${operation}: refuses resume before anything is read`, async () => {
    await using vfs = new Vfs({ a: new MemoryStore("a"), b: new MemoryStore("b") });
    await vfs.writeTextFile("/a/1", "x");
    let images = 0;
    await assertRejects(
      () => vfs[operation]("/a", "/b", { resume: true, onImage: () => void images++ }),
      StoreResumeNotSupported,
      "b: resume /b",
    );
    assertEquals(images, 0);
  });
}

Deno.test("BitMasks.RESUME: is an ability of s3, and none of memory", () => {
  assertEquals(Boolean(S3Store.CAPABILITIES & BitMasks.RESUME), true);
  assertEquals(Boolean(MemoryStore.CAPABILITIES & BitMasks.RESUME), false);
});
