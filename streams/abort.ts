/**
 * Waiting for something or for an abort, whichever comes first.
 *
 * @module
 */

/** Waits, for one promise at a time, until the signal aborts. */
export interface Abortable {
  /**
   * Waits for a promise or for the abort, whichever comes first.
   *
   * @typeParam T What the promise resolves to.
   * @param promise What to wait for. It is not cancelled by the abort.
   * @returns What the promise resolves to. It rejects with the reason of the signal as soon as that aborts.
   */
  race<T>(promise: Promise<T>): Promise<T>;
  /** Stops listening to the signal. */
  dispose(): void;
}

/**
 * Listens to a signal for a sequence of waits. It does not use `Promise.race`, which would keep every
 * value alive until the signal itself is released.
 *
 * @param signal The signal, if there is one.
 * @returns What waits. It must be disposed.
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
 * Waits for `work` or for an abort. The work is not cancelled by the abort: it goes on.
 *
 * @typeParam T What the work resolves to.
 * @param work The work.
 * @param signal Ends the wait. Its reason is thrown.
 * @param late Called with the result of work that finishes after the abort, so that it can be released.
 * @returns The result of the work.
 */
export async function raceAbort<T>(
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

/** The longest time of a timer, in milliseconds: 24 days. A timer that is set to more ends at once. */
export const MAX_TIMER = 2_147_483_647;

/**
 * Waits for some time, or until an abort.
 *
 * @param milliseconds How long to wait.
 * @param signal Ends the wait.
 * @throws {unknown} The reason of the abort.
 */
export async function delay(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
