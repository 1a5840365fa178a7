/**
 * A promise that is settled from elsewhere. Node 20 does not have `Promise.withResolvers`.
 *
 * @module
 */
// Small: five users, and all that they need.

/** A promise, and what settles it. */
export interface Deferred<T> {
  /** The promise. */
  readonly promise: Promise<T>;
  /** Fulfils the promise. */
  readonly resolve: (value: T | PromiseLike<T>) => void;
  /** Rejects the promise. */
  readonly reject: (reason?: unknown) => void;
}

/**
 * Creates a promise that is settled from elsewhere.
 *
 * @typeParam T What the promise is fulfilled with.
 * @returns The promise, and what settles it.
 */
export function deferred<T>(): Deferred<T> {
  let resolve!: Deferred<T>["resolve"];
  let reject!: Deferred<T>["reject"];
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
