/**
 * A limit of the rate of transfers.
 *
 * @module
 */
import { delay, MAX_TIMER } from "../streams/abort.ts";

/**
 * Holds all transfers that share it to a number of bytes a second.
 *
 * @example Bytes that may pass at once
 * ```ts
 * import { RateLimit } from "./rate_limit.ts";
 *
 * await new RateLimit(10_000_000).pass(1_000);
 * ```
 */
export class RateLimit {
  readonly #bytesPerSecond: number;
  /** When all that has passed is paid for, in milliseconds. */
  #free = 0;

  /**
   * Creates a limit.
   *
   * @param bytesPerSecond The rate in bytes a second, above 0.
   */
  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /**
   * Counts bytes that have passed, and waits until as many may have.
   *
   * @param bytes Their number.
   * @param signal Ends the wait.
   * @returns Resolves when the next bytes may pass.
   * @throws {unknown} The reason of the abort.
   */
  async pass(bytes: number, signal?: AbortSignal): Promise<void> {
    const now = performance.now();
    this.#free = Math.max(this.#free, now) + bytes / this.#bytesPerSecond * 1000;
    for (let wait = this.#free - now; wait >= 1; wait -= MAX_TIMER) {
      await delay(Math.min(wait, MAX_TIMER), signal);
    }
  }
}
