/**
 * Bounded concurrency: several things at the same time, but not all of them.
 *
 * @module
 */

/**
 * Does work on each of many items, a few at the same time, begun in their order.
 *
 * @typeParam T The type of an item.
 * @param items The items. The next one is taken when a place is free.
 * @param limit How many are in work at the same time, at most.
 * @param work Does the work on one item. The second argument counts the items, from 0.
 * @returns Resolves when all are done.
 * @throws {unknown} The first error of `work` or `items`, after the work that had begun has ended.
 */
export async function forEachParallel<T>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const errors: unknown[] = [];
  let index = 0;
  try {
    for await (const item of items) {
      const job: Promise<void> = work(item, index++)
        .catch((error) => void errors.push(error))
        .finally(() => running.delete(job));
      running.add(job);
      if (running.size >= limit) await Promise.race(running);
      if (errors.length > 0) break;
    }
  } catch (error) {
    errors.push(error);
  }
  await Promise.all(running);
  if (errors.length > 0) throw errors[0];
}
