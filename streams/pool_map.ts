/**
 * Work on many items, a few at once. A file of its own, as drivers, the tree and commands use it.
 *
 * @module
 */
// Small: one function for every room that bounds its concurrency.

/**
 * Calls a function for each item, with a limited number of calls under way. After an error no further
 * call is begun, and the error is thrown once all calls under way have settled.
 *
 * @typeParam T The items.
 * @typeParam R The results.
 * @param items The items.
 * @param limit The most calls that are under way at once.
 * @param work Called with each item and its index.
 * @returns The results, in the order of the items.
 *
 * @example Three at once
 * ```ts
 * import { poolMap } from "./pool_map.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await poolMap([1, 2, 3, 4], 3, (n) => Promise.resolve(n * n)), [1, 4, 9, 16]);
 * ```
 */
export async function poolMap<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  let failed = false;
  const workers = Array.from({ length: Math.min(limit, items.length) }, async () => {
    while (!failed && next < items.length) {
      const index = next++;
      try {
        results[index] = await work(items[index]!, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  });
  for (const settled of await Promise.allSettled(workers)) {
    if (settled.status === "rejected") throw settled.reason;
  }
  return results;
}
