/**
 * Listings with a limit, of drivers that have no order.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { ListScanOptions } from "@vitrine/vitrine";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { selectPage, startBelow } from "../../store/ordered_list.ts";
import type { ListEntry } from "../../store/types.ts";
import { replaceMethods } from "./replace_methods.ts";

async function* shuffled(count: number): AsyncGenerator<ListEntry> {
  // 7919 is prime, so that every number comes once.
  for (let i = 0; i < count; i++) {
    yield { path: `${i * 7919 % count}`.padStart(6, "0"), kind: "image" };
  }
}

Deno.test("selectPage: gives the first names in order out of any order", async () => {
  for (
    const [count, limit] of [[1, 1], [100, 1], [100, 7], [1000, 100], [10, 10], [5, 10]] as const
  ) {
    const page = await Array.fromAsync(
      selectPage(shuffled(count), { startAfter: "000002", limit }, ({ path }) => path),
    );
    const expected = Array.from({ length: count }, (_, i) => `${i}`.padStart(6, "0"))
      .filter((name) => name > "000002").slice(0, limit);
    assertEquals(page.map(({ path }) => path), expected, `${limit} of ${count}`);
  }
});

Deno.test("selectPage: without a limit, entries come as they are listed", async () => {
  let listed = 0;
  async function* entries(): AsyncGenerator<ListEntry> {
    for await (const entry of shuffled(10)) {
      listed++;
      yield entry;
    }
  }
  const page = { startAfter: "", limit: undefined };
  for await (const _ of selectPage(entries(), page, ({ path }) => path)) break;
  assertEquals(listed, 1);
});

Deno.test("startBelow: names what is below the directory, on the level that is listed", () => {
  assertEquals(startBelow(undefined, "", false), undefined);
  assertEquals(startBelow("a", "", false), "a");
  assertEquals(startBelow("a/b/c", "", false), "a/");
  assertEquals(startBelow("a/b/c", "", true), "a/b/c");
  assertEquals(startBelow("a/b/c", "a", false), "a/b/");
  assertEquals(startBelow("a/", "a", false), undefined);
  assertEquals(startBelow("b", "a", true), undefined);
});

Deno.test("Store.list: a driver is given where to begin and how much is wanted", async () => {
  const seen: ListScanOptions[] = [];
  class WatchedStore extends MemoryStore {
    constructor() {
      super("memory");
      replaceMethods(this.driver, (driver) => ({
        listImages: (directory, recursive, options) => {
          seen.push(options);
          return driver.listImages(directory, recursive, options);
        },
      }));
    }
  }
  const store = new WatchedStore();
  for (const name of ["iso/a", "iso/b/c", "iso/d"]) await store.add(name, new Uint8Array(1));
  const page = { directory: "iso", startAfter: "iso/b/c", limit: 5 };
  const names = (await Array.fromAsync(store.list(page))).map(({ path }) => path);
  assertEquals(names, ["iso/d"]);
  assertEquals(seen.map(({ startAfter, limit }) => [startAfter, limit]), [["iso/b/", 5]]);
});
