/**
 * A thousand adds and gets in a process of their own, whose memory nothing else moves:
 * `leaks_child.ts ENDPOINTS`. Prints what the process held before them and what it holds after, as JSON.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { NotFound } from "@vitrine/vitrine";
import type { RbdStore } from "@vitrine/vitrine/rbd";
import { freshId, randomBytes, storeOn } from "./support.ts";

/** What a process holds. */
export interface Held {
  /** Open files. */
  files: number;
  /** Threads. */
  threads: number;
  /** Resident memory in bytes. */
  memory: number;
}

/** What this process holds. */
export function held(): Held {
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
      const { stream } = await store.get(id);
      assertEquals((await new Response(stream).arrayBuffer()).byteLength, bytes.length);
      await (await store.get(id)).stream.cancel();
      await assertRejects(() => store.get(`${id}-none`), NotFound);
      await store.delete(id);
    }
  }));
}

if (import.meta.main) {
  await using store = storeOn(JSON.parse(Deno.args[0]!));
  // Memory grows at first, by what the allocators of a few dozen threads keep, and then no more.
  await churn(store, 500);
  const before = held();
  await churn(store, 1_000);
  console.log(JSON.stringify([before, held()]));
}
