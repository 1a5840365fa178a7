/**
 * How much space stores take.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { FileStore } from "@vitrine/vitrine/file";
import { HttpStore } from "@vitrine/vitrine/http";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { readUsage } from "../../drivers/swift/usage.ts";
import { Workplace } from "../cli/harness.ts";
import { replaceMethods } from "./replace_methods.ts";

Deno.test("MemoryStore.usage: counts images and bytes", async () => {
  const store = new MemoryStore("memory", { capacity: 100 });
  await store.add("a", new Uint8Array(30));
  await store.copy("a", "b");
  assertEquals(await store.usage(), { used: 60, free: 40, images: 2 });
  await store.delete("a");
  assertEquals(await store.usage(), { used: 30, free: 70, images: 1 });
  assertEquals(await new MemoryStore("endless").usage(), { used: 0, images: 0 });
});

Deno.test("FileStore.usage: counts each file system once, also that of a datadir to come", async () => {
  const directory = await Deno.makeTempDir();
  try {
    for (const name of ["one", "two"]) await Deno.mkdir(`${directory}/${name}`);
    const single = await new FileStore("one", { datadir: `${directory}/one` }).usage();
    assert(single.used! > 0 && single.free! > 0);
    const datadirs = [`${directory}/one:1`, `${directory}/two:2`];
    const both = await new FileStore("both", { datadirs }).usage();
    assert(both.used! < 2 * single.used!, `${both.used} and ${single.used}`);
    const options = { datadir: `${directory}/none`, createDatadir: true };
    const toCome = await new FileStore("none", options).usage();
    assert(toCome.used! > 0 && toCome.free! > 0);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("Store.usage: leaves out what is not known, or no number", async () => {
  assertEquals(await new HttpStore("http", { baseUrl: "http://127.0.0.1:1/" }).usage(), {});
  class OddStore extends MemoryStore {
    constructor() {
      super("odd");
      const odd = { used: NaN, free: -1, images: 1.5 };
      replaceMethods(this.driver, () => ({ readUsage: () => Promise.resolve(odd) }));
    }
  }
  assertEquals(await new OddStore().usage(), {});
});

Deno.test("readUsage: adds up containers, and the least quota counts", async () => {
  const found: Record<string, Record<string, string> | undefined> = {
    "": { "x-account-bytes-used": "500", "x-account-meta-quota-bytes": "1000" },
    a: { "x-container-bytes-used": "100", "x-container-meta-quota-bytes": "150" },
    b: { "x-container-bytes-used": "200" },
    odd: { "x-container-bytes-used": "many" },
  };
  const send = ({ container = "" }: { container?: string }) => {
    const headers = found[container];
    return Promise.resolve({ status: headers ? 204 : 404, headers: new Headers(headers) });
  };
  async function* each(names: string[]) {
    yield* names;
  }
  const usage = (...names: string[]) =>
    readUsage({ send } as never, each(names), { concurrency: 2, signal: undefined });
  assertEquals(await usage("a"), { used: 100, free: 50 });
  assertEquals(await usage("a", "b", "none"), { used: 300, free: 500 });
  assertEquals(await usage("a", "odd"), { used: undefined, free: 500 });
});

Deno.test("vitrine df: shows what is known, and what fails", async () => {
  await using place = await Workplace.make({
    stores: {
      scratch: { driver: "memory" },
      web: { driver: "http", baseUrl: "http://127.0.0.1:1/" },
    },
  });
  const { code, out } = await place.run("df");
  assertEquals(code, 0);
  assertEquals(out.trim().split("\n").map((line) => line.trim().split(/\s{2,}/)), [
    ["STORE", "USED", "FREE", "IMAGES"],
    ["scratch", "0 B", "?", "0"],
    ["web", "?", "?", "?"],
  ]);
  const failed = await place.run("df", "scratch", "none", "--json");
  assertEquals(failed.code, 1);
  assertEquals(JSON.parse(failed.out), [{ store: "scratch", used: 0, images: 0 }]);
});
