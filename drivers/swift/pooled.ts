/**
 * Work on many things, a few at once.
 *
 * @module
 */

/**
 * Calls `work` for each item, `limit` at once, and resolves to the results in order. An error is
 * thrown when all that was begun has settled; nothing is begun after it.
 *
 * @example Three at once
 * ```ts
 * import { pooled } from "./pooled.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await pooled([1, 2, 3, 4], 3, (n) => Promise.resolve(n * n)), [1, 4, 9, 16]);
 * ```
 */
export async function pooled<T, R>(
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
