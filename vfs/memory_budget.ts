/**
 * The memory that transfers of images may take together.
 *
 * @module
 */
import { deferred } from "../streams/deferred.ts";

const MIB = 1024 * 1024;

/** What one transfer takes at most, in bytes: the parts of an upload that are under way. */
const MOST = 128 * MIB;

/** What a transfer takes beside the bytes of the image: the buffers of connections, in bytes. */
const LEAST = 256 * 1024;

/**
 * A budget of memory. A transfer waits until its share is free; those that wait longest come first. One
 * whose share is larger than the whole budget runs alone.
 *
 * @example Two transfers, one after the other
 * ```ts
 * import { MemoryBudget } from "./memory_budget.ts";
 *
 * const budget = new MemoryBudget(100);
 * await budget.use(60, () => Promise.resolve());
 * await budget.use(60, () => Promise.resolve());
 * ```
 */
export class MemoryBudget {
  readonly #limit: number;
  #used = 0;
  readonly #waiting: { bytes: number; start: () => void }[] = [];

  /**
   * Creates a budget.
   *
   * @param limit The size of the budget in bytes. Default: 512 MiB.
   */
  constructor(limit: number = 512 * MIB) {
    this.#limit = limit;
  }

  /**
   * Does work that takes memory, as soon as there is room for it.
   *
   * @typeParam T What the work resolves to.
   * @param bytes How much it takes, in bytes.
   * @param work The work.
   * @returns What the work resolves to.
   */
  async use<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    const share = Math.min(bytes, this.#limit);
    if (this.#waiting.length > 0 || this.#used + share > this.#limit) {
      const { promise, resolve } = deferred<void>();
      this.#waiting.push({ bytes: share, start: resolve });
      await promise;
    } else this.#used += share;
    try {
      return await work();
    } finally {
      this.#used -= share;
      this.#startWaiting();
    }
  }

  #startWaiting(): void {
    while (this.#waiting.length > 0 && this.#used + this.#waiting[0]!.bytes <= this.#limit) {
      const { bytes, start } = this.#waiting.shift()!;
      this.#used += bytes;
      start();
    }
  }
}

/** The budget of all transfers of trees in this process: 512 MiB. */
const PROCESS = new MemoryBudget();

/**
 * Transfers an image as soon as the budget of the process has room for it.
 *
 * @typeParam T What the transfer resolves to.
 * @param size The size of the image in bytes, where known.
 * @param transfer Does it.
 * @param times How many times the memory of one transfer it takes. Default: 1.
 * @returns What the transfer resolves to.
 */
export function withinMemory<T>(
  size: number | undefined,
  transfer: () => Promise<T>,
  times = 1,
): Promise<T> {
  return PROCESS.use((Math.min(MOST, size ?? MOST) + LEAST) * times, transfer);
}
