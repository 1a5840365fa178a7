/**
 * Work side by side: its order, its bounds, and its errors.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MemoryBudget } from "../../vfs/memory_budget.ts";
import { orderedMap } from "../../vfs/ordered_map.ts";

Deno.test("orderedMap: yields in the order of the items, with no more at once than allowed", async () => {
  const begun: number[] = [];
  const waiting: (() => void)[] = [];
  let most = 0;
  const results = orderedMap([0, 1, 2, 3, 4, 5], 3, async (item) => {
    begun.push(item);
    const { promise, resolve } = Promise.withResolvers<void>();
    most = Math.max(most, waiting.push(resolve));
    // All go on when three of them have begun, the last first.
    if (waiting.length === 3) { for (const release of waiting.splice(0).reverse()) release(); }
    await promise;
    return item * 10;
  });
  assertEquals(await Array.fromAsync(results), [0, 10, 20, 30, 40, 50]);
  assertEquals([begun, most], [[0, 1, 2, 3, 4, 5], 3]);
});

Deno.test("orderedMap: throws an error in its place, begins nothing further, and waits for the rest", async () => {
  const begun: number[] = [];
  let hasEnded = false;
  const seen: number[] = [];
  const run = async () => {
    const results = orderedMap([0, 1, 2, 3, 4], 2, async (item) => {
      begun.push(item);
      if (item === 1) throw new Error("broken");
      for (let turn = 0; turn < 50; turn++) await Promise.resolve();
      hasEnded = true;
      return item;
    });
    for await (const result of results) seen.push(result);
  };
  await assertRejects(run, Error, "broken");
  assertEquals([seen, begun, hasEnded], [[0], [0, 1], true]);
});

Deno.test("orderedMap: what reading the items throws comes after the results before it", async () => {
  async function* items() {
    yield 1;
    await Promise.resolve();
    throw new Error("no listing");
  }
  const seen: number[] = [];
  await assertRejects(
    async () => {
      for await (const one of orderedMap(items(), 4, (n) => Promise.resolve(n))) seen.push(one);
    },
    Error,
    "no listing",
  );
  assertEquals(seen, [1]);
});

Deno.test("MemoryBudget: runs together what fits, in order, and what is too large alone", async () => {
  const budget = new MemoryBudget(100);
  let used = 0;
  let most = 0;
  const order: number[] = [];
  await Promise.all([60, 60, 30, 500, 10].map((bytes, index) =>
    budget.use(bytes, async () => {
      used += Math.min(100, bytes);
      most = Math.max(most, used);
      await Promise.resolve();
      order.push(index);
      used -= Math.min(100, bytes);
    })
  ));
  assert(most <= 100, `${most}`);
  assertEquals(order, [0, 1, 2, 3, 4]);
});
