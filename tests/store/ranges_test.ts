/**
 * Several ranges of one image.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ByteRange, ImageChanged, Invalid } from "@vitrine/vitrine";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { assertBytes, pattern } from "../../conformance/data.ts";
import { replaceMethods } from "./replace_methods.ts";

const MIB = 2 ** 20;

/** A store that notes the ranges that are read, and can replace the image before one. */
class WatchedStore extends MemoryStore {
  readonly read: ByteRange[] = [];
  replaceBefore = Infinity;

  constructor() {
    super("memory");
    replaceMethods(this.driver, (driver) => ({
      // Random access by ranged reads, as most drivers have it.
      openHandle: undefined,
      openRead: async (location, range, options) => {
        if (this.read.push(range) === this.replaceBefore) {
          await driver.deleteImage(location, {});
          await this.add(location.path, pattern(40 * MIB, 9));
        }
        return await driver.openRead(location, range, options);
      },
    }));
  }
}

Deno.test("Store.getRanges: reads neighbouring ranges by one request", async () => {
  const store = new WatchedStore();
  const bytes = pattern(40 * MIB);
  await store.add("disk.raw", bytes);
  const ranges = [
    { offset: 30 * MIB, length: 1000 },
    { offset: 1000, length: 1000 },
    { offset: 0, length: 500 },
    { offset: 30 * MIB + 100_000, length: 1000 },
    { suffix: 1 },
    { offset: 1500, length: 10 },
  ];
  const results = await store.getRanges("disk.raw", ranges);
  assertEquals(store.read.toSorted((a, b) => a.offset - b.offset), [
    { offset: 0, length: 2000 },
    { offset: 30 * MIB, length: 101_000 },
    { offset: 40 * MIB - 1, length: 1 },
  ]);
  assertBytes(results[3]!, bytes.subarray(30 * MIB + 100_000, 30 * MIB + 101_000));
  results[1]!.fill(0);
  assertBytes(results[5]!, bytes.subarray(1500, 1510));
});

Deno.test("Store.getRanges: does not join ranges to more than 16 MiB", async () => {
  const store = new WatchedStore();
  await store.add("disk.raw", pattern(40 * MIB));
  const ranges = [0, 10, 20, 30].map((start) => ({ offset: start * MIB, length: 10 * MIB }));
  const results = await store.getRanges("disk.raw", [...ranges, { offset: MIB, length: MIB }]);
  assertEquals(store.read.length, 4);
  assert(results.every(({ length }, index) => length === (index < 4 ? 10 : 1) * MIB));
});

Deno.test("Store.getRanges: fails when the image is replaced between two requests", async () => {
  const store = new WatchedStore();
  await store.add("disk.raw", pattern(40 * MIB));
  store.replaceBefore = 2;
  const ranges = [{ offset: 0, length: 1 }, { offset: 20 * MIB, length: 1 }];
  const error = await assertRejects(() => store.getRanges("disk.raw", ranges), ImageChanged);
  assertEquals([error.store, error.path], ["memory", "disk.raw"]);
});

Deno.test("Store.get: a suffix of an image that is replaced meanwhile is ImageChanged", async () => {
  const store = new WatchedStore();
  await store.add("disk.raw", pattern(50 * MIB));
  store.replaceBefore = 1;
  await assertRejects(() => store.get("disk.raw", { suffix: 10 }), ImageChanged);
});

Deno.test("Store.get: a suffix cannot be verified", async () => {
  const store = new WatchedStore();
  await store.add("disk.raw", pattern(10));
  await assertRejects(() => store.get("disk.raw", { suffix: 5, verify: true }), Invalid, "whole");
});
