/**
 * Work on many items side by side, with the results in the order of the items.
 *
 * @module
 */
import { deferred } from "../streams/deferred.ts";

/** How many results are held back at most until those before them are there. */
const MAX_WAITING = 1000;

/**
 * Calls a function for each item, several calls at the same time, and yields what they resolve to in the
 * order of the items. The next items are read while calls are under way. After an error no further call
 * is begun, and the error is thrown in its place in the order.
 *
 * @typeParam T The type of an item.
 * @typeParam R What the function resolves to.
 * @param items The items. What reading them throws comes in its place in the order.
 * @param limit How many calls are under way at the same time, at most.
 * @param work Called with each item.
 * @returns The results. When the generator ends in any way, all calls have settled.
 *
 * @example Two at a time
 * ```ts
 * import { orderedMap } from "./ordered_map.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const squares = orderedMap([1, 2, 3], 2, (n) => Promise.resolve(n * n));
 * assertEquals(await Array.fromAsync(squares), [1, 4, 9]);
 * ```
 */
export async function* orderedMap<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const results: Promise<R>[] = [];
  const running = new Set<Promise<unknown>>();
  let isStopped = false;
  let hasEnded = false;
  let changed = deferred<void>();
  const notify = () => {
    changed.resolve();
    changed = deferred<void>();
  };
  const begin = (item: T) => {
    const call = work(item);
    results.push(call);
    const settled = call.catch(() => isStopped = true).then(() => {
      running.delete(settled);
      notify();
    });
    running.add(settled);
    notify();
  };
  const reading = (async () => {
    try {
      for await (const item of items) {
        if (!isStopped) begin(item);
        while (!isStopped && (running.size >= limit || results.length >= MAX_WAITING)) {
          await changed.promise;
        }
        if (isStopped) break;
      }
    } catch (error) {
      const failure = Promise.reject(error);
      // It is thrown in its place in the order, if that is reached.
      failure.catch(() => {});
      results.push(failure);
    } finally {
      hasEnded = true;
      notify();
    }
  })();
  try {
    while (true) {
      const next = results.shift();
      if (next !== undefined) {
        notify();
        yield await next;
      } else if (hasEnded) return;
      else await changed.promise;
    }
  } finally {
    isStopped = true;
    notify();
    await reading;
    await Promise.all(running);
  }
}
