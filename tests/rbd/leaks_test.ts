/**
 * A thousand adds and gets leave no handle, thread or memory behind.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { NotFound } from "@vitrine/vitrine";
import type { RbdStore } from "@vitrine/vitrine/rbd";
import { serviceTest } from "../services/mod.ts";
import { freshId, MIB, randomBytes, rbd, storeOn } from "./support.ts";

/** What this process holds. */
function held(): { files: number; threads: number; memory: number } {
  const status = Deno.readTextFileSync("/proc/self/status");
  return {
    files: [...Deno.readDirSync("/proc/self/fd")].length,
    threads: Number(/Threads:\s+(\d+)/.exec(status)![1]),
    memory: 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)![1]),
  };
}

/** Adds, reads in full and in part, stats, and deletes `count` images, eight at once. */
async function churn(store: RbdStore, count: number): Promise<void> {
  const bytes = randomBytes(100_000);
  let left = count;
  await Promise.all(Array.from({ length: 8 }, async () => {
    while (left-- > 0) {
      const id = freshId();
      await store.add(id, bytes);
      assertEquals(
        (await new Response((await store.get(id)).stream).arrayBuffer()).byteLength,
        1e5,
      );
      await (await store.get(id)).stream.cancel();
      await assertRejects(() => store.get(`${id}-none`), NotFound);
      await store.delete(id);
    }
  }));
}

serviceTest("1,000 adds and gets leak no handle, thread or memory", "ceph", async ({ ceph }) => {
  await using store = storeOn(ceph);
  await churn(store, 100);
  const before = held();
  await churn(store, 1_000);
  const after = held();
  assert(after.files <= before.files + 2, `files: ${before.files}, then ${after.files}`);
  assert(after.threads <= before.threads + 4, `threads: ${before.threads}, then ${after.threads}`);
  const growth = (after.memory - before.memory) / MIB;
  assert(growth < 48, `memory: ${growth.toFixed(0)} MiB more`);
  await store.add("watched", randomBytes(1));
  // No reader or writer is left open in the cluster's eyes.
  assertEquals(JSON.parse(await rbd(ceph, "status", "watched", "--format=json")).watchers, []);
  await store.delete("watched");
});

serviceTest("a store that is closed gives back its threads and files", "ceph", async ({ ceph }) => {
  const open = async () => {
    await using store = storeOn(ceph);
    await store.add("closed", randomBytes(MIB));
    await store.delete("closed");
  };
  for (let i = 0; i < 3; i++) await open();
  const before = held();
  for (let i = 0; i < 20; i++) await open();
  const after = held();
  assert(after.files <= before.files + 2, `files: ${before.files}, then ${after.files}`);
  assert(after.threads <= before.threads + 4, `threads: ${before.threads}, then ${after.threads}`);
});
