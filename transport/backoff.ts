/**
 * How long to wait before the next attempt: decorrelated jitter within a limited number of attempts and a
 * limited time.
 *
 * @module
 */
import { delay } from "../streams/abort.ts";

/** How often and how long to retry. */
export interface RetryOptions {
  /** How many times a failed request is sent again. Default: 5. */
  retries?: number | undefined;
  /** No attempt begins later than this after the first, in milliseconds. Default: 180 000. */
  retryTimeout?: number | undefined;
  /** The shortest wait between two attempts, in milliseconds. Default: 100. */
  minDelay?: number | undefined;
  /** The longest wait, and the longest `Retry-After` that is respected, in milliseconds. Default: 15 000. */
  maxDelay?: number | undefined;
  /** Returns random numbers from 0 to below 1. Default: `Math.random`. */
  random?: (() => number) | undefined;
}

/**
 * The waits of one operation. Each is drawn between the shortest wait and three times the wait before
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export class Backoff {
  readonly #options: Required<{ [K in keyof RetryOptions]: NonNullable<RetryOptions[K]> }>;
  #left = 0;
  #started = 0;
  #delay = 0;

  /**
   * Starts counting attempts and time.
   *
   * @param options The limits.
   * @param started When the first attempt began, as `Date.now()` has it. Default: now.
   */
  constructor(options: RetryOptions = {}, started: number = Date.now()) {
    this.#options = {
      retries: options.retries ?? 5,
      retryTimeout: options.retryTimeout ?? 180_000,
      minDelay: options.minDelay ?? 100,
      maxDelay: options.maxDelay ?? 15_000,
      random: options.random ?? Math.random,
    };
    this.reset(started);
  }

  /**
   * Starts counting anew, because there was progress.
   *
   * @param started When the attempt began that made progress. Default: now.
   */
  reset(started: number = Date.now()): void {
    this.#left = this.#options.retries;
    this.#delay = this.#options.minDelay;
    this.#started = started;
  }

  /**
   * Returns the next wait.
   *
   * @param retryAfter How long the server wants to be left alone, in milliseconds.
   * @returns The wait in milliseconds, or `undefined` if it is time to give up.
   */
  next(retryAfter: number | undefined): number | undefined {
    const { minDelay, maxDelay, retryTimeout, random } = this.#options;
    if (this.#left-- <= 0) return undefined;
    this.#delay = Math.min(maxDelay, minDelay + random() * (this.#delay * 3 - minDelay));
    const wait = Math.max(this.#delay, Math.min(retryAfter ?? 0, maxDelay));
    return Date.now() - this.#started + wait > retryTimeout ? undefined : wait;
  }

  /**
   * Waits before the next attempt. Throws the reason of the signal as soon as it aborts.
   *
   * @param retryAfter How long the server wants to be left alone, in milliseconds.
   * @param signal Ends the wait.
   * @returns Whether there is to be another attempt.
   */
  async wait(retryAfter: number | undefined, signal: AbortSignal | undefined): Promise<boolean> {
    const time = this.next(retryAfter);
    if (time === undefined) return false;
    await delay(time, signal);
    return true;
  }
}
