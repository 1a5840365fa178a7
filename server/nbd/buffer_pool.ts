/**
 * The memory of a server: buffers that are reused, within a limit for all connections together.
 *
 * @module
 */
import type { Bytes } from "../../streams/mod.ts";

/** Room for the header of a reply in front of its data, in bytes. */
const HEADER = 64;
/** Capacities are multiples of this, in bytes, so that few different ones are kept. */
const STEP = 4096;
const LARGE_STEP = 64 * 1024;

/**
 * Lends buffers. What is lent and what is kept for the next one never exceed the limit: a request for
 * more waits, in order.
 *
 * @example A buffer of 1 MiB
 * ```ts
 * import { BufferPool } from "./buffer_pool.ts";
 * import { assert } from "@std/assert";
 *
 * const pool = new BufferPool(4 << 20);
 * const buffer = await pool.lend(1 << 20);
 * assert(buffer.length >= 1 << 20);
 * pool.release(buffer);
 * ```
 */
export class BufferPool {
  readonly #limit: number;
  readonly #free = new Map<number, Bytes[]>();
  readonly #waiting: { capacity: number; resolve: (buffer: Bytes) => void }[] = [];
  /** The bytes of all buffers, lent and free. */
  #total = 0;

  /**
   * Creates a pool without any buffer.
   *
   * @param limit The most bytes of all buffers.
   */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Lends a buffer. Its content is of no meaning.
   *
   * @param size The number of bytes that are needed; below the limit by 128 KiB.
   * @returns A buffer of that size or a little more, to be given to {@linkcode release}.
   */
  lend(size: number): Promise<Bytes> {
    const step = size > 2 * LARGE_STEP ? LARGE_STEP : STEP;
    const capacity = Math.ceil(Math.max(1, size - HEADER) / step) * step + HEADER;
    const buffer = this.#waiting.length === 0 ? this.#take(capacity) : undefined;
    if (buffer) return Promise.resolve(buffer);
    return new Promise((resolve) => this.#waiting.push({ capacity, resolve }));
  }

  /**
   * Takes a buffer back.
   *
   * @param buffer A buffer that was lent. It must not be used any more.
   */
  release(buffer: Bytes): void {
    const free = this.#free.get(buffer.length);
    if (free) free.push(buffer);
    else this.#free.set(buffer.length, [buffer]);
    this.#serveWaiting();
  }

  /**
   * Forgets a buffer that something may still write to.
   *
   * @param buffer A buffer that was lent.
   */
  discard(buffer: Bytes): void {
    this.#total -= buffer.length;
    this.#serveWaiting();
  }

  #serveWaiting(): void {
    while (this.#waiting.length > 0) {
      const { capacity, resolve } = this.#waiting[0]!;
      const next = this.#take(capacity);
      if (next === undefined) return;
      this.#waiting.shift();
      resolve(next);
    }
  }

  #take(capacity: number): Bytes | undefined {
    const kept = this.#free.get(capacity)?.pop();
    if (kept) return kept;
    for (const [size, free] of this.#free) {
      while (this.#total + capacity > this.#limit && free.pop()) this.#total -= size;
      if (free.length === 0) this.#free.delete(size);
    }
    if (this.#total + capacity > this.#limit) return undefined;
    this.#total += capacity;
    return new Uint8Array(capacity);
  }
}
