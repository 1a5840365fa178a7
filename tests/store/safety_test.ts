/**
 * What the portable half refuses or reports whatever the driver does.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { BitMasks, Invalid, type SkippedEntry, StorePresignNotSupported } from "@vitrine/vitrine";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { MemoryDriver } from "../../drivers/memory/driver.ts";

/** A driver with leftovers of every age, and URLs for whatever it is called with. */
class OddDriver extends MemoryDriver {
  readonly removed: string[] = [];

  async *leftovers() {
    const dates = { old: new Date(0), undated: undefined, unreadable: new Date(NaN) };
    for (const [path, since] of Object.entries(dates)) {
      yield {
        path,
        kind: "upload",
        since,
        remove: () => Promise.resolve(void this.removed.push(path)),
      };
    }
  }

  presignImage(_location: unknown, request: unknown): Promise<URL> {
    return Promise.resolve(new URL(`https://host/?${JSON.stringify(request)}`));
  }
}

class OddStore extends MemoryStore {
  static override readonly DRIVER = OddDriver;
  static override readonly CAPABILITIES = MemoryStore.CAPABILITIES | BitMasks.PRESIGN;

  get removed(): string[] {
    return (this.driver as unknown as OddDriver).removed;
  }
}

Deno.test("Store.gc: what cannot be dated counts as young, and is reported", async () => {
  await using store = new OddStore("odd");
  const skipped: string[] = [];
  const onSkipped = ({ path }: SkippedEntry) => void skipped.push(path);
  const found = await Array.fromAsync(store.gc({ olderThan: 0, onSkipped }), ({ path }) => path);
  assertEquals([found, store.removed], [["old"], ["old"]]);
  assertEquals(skipped, ["undated", "unreadable"]);
});

Deno.test("Store.presign: refuses a method or a time of which no URL should be made", async () => {
  await using store = new OddStore("odd");
  for (const method of ["DELETE", "get", "", null, 1]) {
    await assertRejects(
      () => store.presign("a", { method: method as "GET" }),
      Invalid,
      "method is",
    );
  }
  for (const expiresIn of [Infinity, NaN, 0, -1, "1000" as unknown as number, null!]) {
    await assertRejects(() => store.presign("a", { expiresIn }), Invalid, "expiresIn is");
  }
  await assertRejects(() => store.presign("a", { overwrite: true }), Invalid, "overwrite");
});

Deno.test("Store.presign: a PUT that may replace an image needs overwrite", async () => {
  await using store = new OddStore("odd");
  await assertRejects(() => store.presign("a", { method: "PUT" }), StorePresignNotSupported);
  const url = await store.presign("a", { method: "PUT", overwrite: true });
  assertEquals(decodeURIComponent(url.search).includes('"overwrite":true'), true);
});
