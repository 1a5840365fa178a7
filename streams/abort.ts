/**
 * Waiting for something or for an abort, whichever comes first.
 *
 * @module
 */

/** Waits, one promise at a time, until the signal aborts. */
export interface Abortable {
  /** Settles as `promise` does, or rejects with the signal's reason as soon as it aborts. */
  race<T>(promise: Promise<T>): Promise<T>;
  /** Stops listening to the signal. */
  dispose(): void;
}

/**
 * Listens to a signal for a sequence of waits. Not `Promise.race`: that would keep every value alive
 * until the signal itself is let go.
 */
export function abortable(signal: AbortSignal | undefined): Abortable {
  let reject: (reason: unknown) => void = () => {};
  const abort = () => reject(signal!.reason);
  signal?.addEventListener("abort", abort, { once: true });
  return {
    race: (promise) =>
      signal === undefined ? promise : new Promise((resolve, rejectThis) => {
        reject = rejectThis;
        if (signal.aborted) abort();
        promise.then(resolve, rejectThis);
      }),
    dispose: () => signal?.removeEventListener("abort", abort),
  };
}

/** Waits for what others may wait for too, which goes on when the signal aborts. */
export async function awaited<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const abort = abortable(signal);
  try {
    return await abort.race(work);
  } finally {
    abort.dispose();
  }
}
