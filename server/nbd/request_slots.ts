/**
 * How many requests of a connection are in progress at a time.
 *
 * @module
 */

/** The most requests. */
const MAX_COUNT = 16;
/** The most bytes of their replies. One larger request runs alone. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Counts requests: up to 16, and up to 16 MiB. */
export class RequestSlots {
  #count = 0;
  #bytes = 0;
  #waiting: (() => void)[] = [];

  /**
   * Returns whether another request may begin now.
   *
   * @param bytes The number of bytes of its reply.
   * @returns Whether `take` would not wait.
   */
  hasRoom(bytes: number): boolean {
    return this.#count < MAX_COUNT && (this.#count === 0 || this.#bytes + bytes <= MAX_BYTES);
  }

  /**
   * Waits until another request may begin, and counts it.
   *
   * @param bytes The number of bytes of its reply.
   */
  async take(bytes: number): Promise<void> {
    while (!this.hasRoom(bytes)) await this.#released();
    this.#count++;
    this.#bytes += bytes;
  }

  /**
   * Ends a request.
   *
   * @param bytes The number of bytes that it began with.
   */
  release(bytes: number): void {
    this.#count--;
    this.#bytes -= bytes;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Waits until no request is in progress. */
  async idle(): Promise<void> {
    while (this.#count > 0) await this.#released();
  }

  #released(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
