/**
 * `vitrine stores --check`: what it tries, and what it says of what is missing.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Forbidden } from "@vitrine/vitrine";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { checkStore } from "../../cli/commands/store_check.ts";
import { MemoryDriver } from "../../drivers/memory/driver.ts";
import { Workplace } from "./harness.ts";

const OK = { list: "ok", write: "ok", read: "ok", "create-only": "ok", delete: "ok" };

async function namesIn(store: MemoryStore): Promise<string[]> {
  return await Array.fromAsync(store.list(), ({ path }) => path);
}

Deno.test("checkStore: tries everything, and leaves nothing", async () => {
  const store = new MemoryStore("scratch");
  assertEquals(await checkStore(store, {}), OK as unknown);
  assertEquals(await namesIn(store), []);
});

Deno.test("checkStore: says what is forbidden", async () => {
  class Keeper extends MemoryDriver {
    override deleteImage(): Promise<void> {
      return Promise.reject(new Forbidden("DeleteObject is not permitted"));
    }
  }
  class KeepingStore extends MemoryStore {
    static override readonly DRIVER = Keeper;
  }
  const results = await checkStore(new KeepingStore("worm"), {});
  assert(results.delete instanceof Forbidden);
  assertStringIncludes(results.delete.message, "DeleteObject is not permitted");
  assertEquals([results.list, results.write, results.read], ["ok", "ok", "ok"]);
});

Deno.test("checkStore: notices that a second image of one id is not refused", async () => {
  class Overwriting extends MemoryDriver {
    override async openWrite(...args: Parameters<MemoryDriver["openWrite"]>) {
      try {
        await super.deleteImage(this.locate(args[0]), {});
      } catch {
        // It is the first image of that id.
      }
      return await super.openWrite(...args);
    }
  }
  class OverwritingStore extends MemoryStore {
    static override readonly DRIVER = Overwriting;
  }
  const store = new OverwritingStore("careless");
  const results = await checkStore(store, {});
  assert(results["create-only"] instanceof Error);
  assertStringIncludes(results["create-only"].message, "was not refused");
  assertEquals(await namesIn(store), []);
});

Deno.test("stores --check: shows each store, and exits with 1 if something is missing", async () => {
  await using place = await Workplace.make({
    stores: {
      local: { driver: "file", datadir: "./local" },
      web: { driver: "http" },
      bad: { driver: "abacus" },
    },
  });
  await Deno.mkdir(place.path("local"));
  const good = await place.run("stores", "--check", "local", "web");
  assertEquals([good.code, good.err], [0, ""]);
  assertEquals(good.out.split("\n").map((line) => line.split(/ +/)), [
    ["NAME", "LIST", "WRITE", "READ", "CREATE-ONLY", "DELETE"],
    ["local", "yes", "yes", "yes", "yes", "yes"],
    ["web", "-", "-", "-", "-", "-"],
    [""],
  ]);
  const all = await place.run("stores", "--check");
  assertEquals(all.code, 1);
  assertStringIncludes(all.err, 'bad: unknown driver "abacus"');
  assertEquals((await place.run("stores", "--check", "none")).code, 2);
});
