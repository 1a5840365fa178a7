/**
 * What adding and deleting say of each image.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Vfs } from "@vitrine/vitrine";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { replaceMethods } from "./replace_methods.ts";

Deno.test("Store.add: says entity tag and date where the backend does", async () => {
  const store = new MemoryStore("memory");
  const { etag, modified } = await store.add("disk.raw", new Uint8Array(3));
  const stat = await store.stat("disk.raw");
  assertEquals([etag, modified], [stat.etag, stat.modified]);
  assertEquals(typeof etag, "string");
});

Deno.test("Store.deleteMany: says of each image whether it was there", async () => {
  const store = new MemoryStore("memory");
  const { location } = await store.add("a", new Uint8Array(1));
  await store.add("b", new Uint8Array(1));
  assertEquals(await store.deleteMany([location, "none", "b", "b"]), [
    { image: location, status: "deleted" },
    { image: "none", status: "missing" },
    { image: "b", status: "deleted" },
    { image: "b", status: "missing" },
  ]);
});

Deno.test("Store.deleteMany: an image of which the driver says nothing is gone", async () => {
  class SilentStore extends MemoryStore {
    constructor() {
      super("memory");
      replaceMethods(this.driver, (driver) => ({
        deleteImages: async (locations, { onDeleted }) => {
          for await (const location of locations) {
            if (location.path === "known") onDeleted(location, { status: "missing" });
            else await driver.deleteImage(location, {});
          }
        },
      }));
    }
  }
  const store = new SilentStore();
  await store.add("a", new Uint8Array(1));
  const results = await store.deleteMany(["a", "known"]);
  assertEquals(results.map(({ status }) => status), ["gone", "missing"]);
});

Deno.test("Vfs.remove: removes more images than one call does, in calls of 1,000", async () => {
  const calls: number[] = [];
  class WatchedStore extends MemoryStore {
    constructor() {
      super("memory");
      replaceMethods(this.driver, (driver) => ({
        deleteImages: async (locations) => {
          let count = 0;
          for await (const location of locations) {
            await driver.deleteImage(location, {});
            count++;
          }
          calls.push(count);
        },
      }));
    }
  }
  const vfs = new Vfs({ memory: new WatchedStore() });
  for (let i = 0; i < 2_001; i++) await vfs.writeFile(`/memory/many/${i}`, new Uint8Array(0));
  await vfs.remove("/memory/many", { recursive: true });
  assertEquals(calls, [1_000, 1_000, 1]);
  assertEquals(await vfs.exists("/memory/many"), false);
});
