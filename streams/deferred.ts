/**
 * A promise that is fulfilled from elsewhere. Node 20 does not have `Promise.withResolvers`.
 *
 * @module
 */
// Small: four users, and all that they need.

/** A promise, and what fulfils it. */
export interface Deferred<T> {
  /** The promise. */
  readonly promise: Promise<T>;
  /** Fulfils the promise. */
  readonly resolve: (value: T | PromiseLike<T>) => void;
}

/**
 * Creates a promise that is fulfilled from elsewhere.
 *
 * @typeParam T What the promise is fulfilled with.
 * @returns The promise, and what fulfils it.
 */
export function deferred<T>(): Deferred<T> {
  let resolve!: Deferred<T>["resolve"];
  const promise = new Promise<T>((onResolve) => void (resolve = onResolve));
  return { promise, resolve };
}
