/**
 * When to try again, and how long to wait before: decorrelated jitter within a bounded number of
 * attempts and a bounded time.
 *
 * @module
 */

/** How often and how long to try again. */
export interface RetryOptions {
  /** How many times a failed request is sent again; 5 unless said otherwise. */
  retries?: number | undefined;
  /** No attempt begins later than this after the first, in milliseconds; 180,000. */
  retryTimeout?: number | undefined;
  /** The shortest wait, in milliseconds; 100. */
  minDelay?: number | undefined;
  /** The longest wait, and the longest `Retry-After` that is waited for, in milliseconds; 15,000. */
  maxDelay?: number | undefined;
  /** A source of numbers from 0 to below 1. */
  random?: (() => number) | undefined;
}

/**
 * The waits of one operation, each drawn between the shortest and three times the last
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export class Backoff {
  readonly #options: Required<{ [K in keyof RetryOptions]: NonNullable<RetryOptions[K]> }>;
  #left = 0;
  #began = 0;
  #delay = 0;

  /** Starts counting, from now or from when the operation `began`. */
  constructor(options: RetryOptions = {}, began: number = Date.now()) {
    this.#options = {
      retries: options.retries ?? 5,
      retryTimeout: options.retryTimeout ?? 180_000,
      minDelay: options.minDelay ?? 100,
      maxDelay: options.maxDelay ?? 15_000,
      random: options.random ?? Math.random,
    };
    this.reset(began);
  }

  /** Starts counting anew: there was progress. */
  reset(began: number = Date.now()): void {
    this.#left = this.#options.retries;
    this.#delay = this.#options.minDelay;
    this.#began = began;
  }

  /**
   * The next wait in milliseconds, or `undefined` where it is time to give up. `retryAfter` is what
   * the server asked for.
   */
  next(retryAfter: number | undefined): number | undefined {
    const { minDelay, maxDelay, retryTimeout, random } = this.#options;
    if (this.#left-- <= 0) return undefined;
    this.#delay = Math.min(maxDelay, minDelay + random() * (this.#delay * 3 - minDelay));
    const delay = Math.max(this.#delay, Math.min(retryAfter ?? 0, maxDelay));
    return Date.now() - this.#began + delay > retryTimeout ? undefined : delay;
  }

  /**
   * Waits before the next attempt and resolves to whether there is to be one. Throws the signal's
   * reason as soon as it aborts.
   */
  async wait(retryAfter: number | undefined, signal: AbortSignal | undefined): Promise<boolean> {
    const delay = this.next(retryAfter);
    if (delay === undefined) return false;
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const abort = () => {
        clearTimeout(timer);
        reject(signal!.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", abort);
        resolve();
      }, delay);
      signal?.addEventListener("abort", abort, { once: true });
    });
    return true;
  }
}

/** Reads a `Retry-After` header (RFC 9110, section 10.2.3) as milliseconds from now. */
export function retryAfterOf(headers: Headers): number | undefined {
  const text = headers.get("retry-after");
  if (text === null) return undefined;
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}
