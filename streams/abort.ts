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

/**
 * Waits for work, or for the signal. What was begun goes on then, and what comes of it too late is given
 * to `late`.
 */
export async function awaited<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  late?: (value: T) => unknown,
): Promise<T> {
  const abort = abortable(signal);
  try {
    return await abort.race(work);
  } catch (error) {
    work.then(late).catch(() => {});
    throw error;
  } finally {
    abort.dispose();
  }
}
