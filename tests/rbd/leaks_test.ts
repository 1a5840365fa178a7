/**
 * A thousand adds and gets leave no handle, thread or memory behind.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { serviceTest } from "../services/mod.ts";
import { type Held, held } from "./leaks_child.ts";
import { runChild } from "./run_child.ts";
import { MIB, randomBytes, rbd, storeOn } from "./support.ts";

/** Fails unless a process holds afterwards what it held before, but for a thread or two at work. */
function assertNoMore(before: Held, after: Held): void {
  assert(after.files <= before.files + 2, `files: ${before.files}, then ${after.files}`);
  assert(after.threads <= before.threads + 4, `threads: ${before.threads}, then ${after.threads}`);
}

serviceTest(
  "RbdStore: 1,000 adds and gets leak no handle, thread or memory",
  "ceph",
  async ({ ceph }) => {
    const output = await runChild(new URL("leaks_child.ts", import.meta.url), JSON.stringify(ceph));
    const [before, after] = JSON.parse(output) as [Held, Held];
    assertNoMore(before, after);
    const growth = (after.memory - before.memory) / MIB;
    assert(growth < 48, `memory: ${growth.toFixed(0)} MiB more`);
  },
);

serviceTest("RbdStore: no reader or writer stays open in the cluster", "ceph", async ({ ceph }) => {
  await using store = storeOn(ceph);
  await store.add("watched", randomBytes(1));
  await (await store.get("watched")).stream.cancel();
  assertEquals(JSON.parse(await rbd(ceph, "status", "watched", "--format=json")).watchers, []);
  await store.delete("watched");
});

serviceTest("RbdStore.close: releases its threads and files", "ceph", async ({ ceph }) => {
  const open = async () => {
    await using store = storeOn(ceph);
    await store.add("closed", randomBytes(MIB));
    await store.delete("closed");
  };
  for (let i = 0; i < 3; i++) await open();
  const before = held();
  for (let i = 0; i < 20; i++) await open();
  assertNoMore(before, held());
});
