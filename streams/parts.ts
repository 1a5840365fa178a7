/**
 * Parts of an image: chunks that are lent one by one, gathered into parts that can be sent several at
 * once and each again.
 *
 * @module
 */
import { type Bytes, CHUNK_SIZE } from "./bytes.ts";

/** A part that is ready to be sent. */
export interface Part {
  /** Which one it is, from 1. */
  readonly number: number;
  /** Size in bytes. */
  readonly size: number;
  /** Its bytes, which nobody changes until `send` settles. */
  readonly chunks: readonly Bytes[];
}

/** What {@linkcode Parts} does with the parts. */
export interface PartsOptions {
  /** Size of all parts but the last, in bytes. */
  size: number;
  /** How many parts are sent at once at most. */
  concurrency: number;
  /**
   * Sends a part, trying again by itself where that can help. Its error ends the upload; `signal`
   * aborts when another part failed, or the upload did.
   */
  send(part: Part, signal: AbortSignal): Promise<void>;
  /** Ends the upload; its reason is thrown. */
  signal?: AbortSignal | undefined;
}

/**
 * An upload in parts. Its memory is at most `concurrency + 1` parts: those being sent and the one
 * being filled. The last part stays unsent until {@linkcode Parts.finish}, so that data which fit into
 * one part can be sent in another way.
 *
 * @example Gathering chunks into parts
 * ```ts
 * import { Parts } from "./parts.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const sizes: number[] = [];
 * const parts = new Parts({
 *   size: 4,
 *   concurrency: 2,
 *   send: ({ size }) => Promise.resolve(void sizes.push(size)),
 * });
 * await parts.write(new Uint8Array(6));
 * await parts.write(new Uint8Array(3));
 * assertEquals([parts.sent, parts.rest().size], [2, 1]);
 * await parts.finish();
 * assertEquals(sizes, [4, 4, 1]);
 * ```
 */
export class Parts {
  readonly #options: PartsOptions;
  readonly #controller = new AbortController();
  readonly #signal: AbortSignal;
  readonly #underway = new Set<Promise<void>>();
  /** Buffers whose parts were sent. */
  readonly #free: ArrayBuffer[] = [];
  #sent = 0;
  #filled = 0;
  #chunks: Bytes[] = [];
  /** How much of the last buffer is used. */
  #used = CHUNK_SIZE;

  /** Starts with nothing. */
  constructor(options: PartsOptions) {
    this.#options = options;
    const { signal } = options;
    this.#signal = signal
      ? AbortSignal.any([signal, this.#controller.signal])
      : this.#controller.signal;
  }

  /** How many parts were begun to be sent. */
  get sent(): number {
    return this.#sent;
  }

  /** Takes a chunk, which is lent until the promise resolves. Throws what ended the upload. */
  async write(chunk: Uint8Array): Promise<void> {
    const { size } = this.#options;
    while (chunk.length > 0) {
      if (this.#filled === size) await this.#send();
      if (this.#used === CHUNK_SIZE) {
        this.#chunks.push(new Uint8Array(this.#free.pop() ?? new ArrayBuffer(CHUNK_SIZE), 0, 0));
        this.#used = 0;
      }
      const room = Math.min(CHUNK_SIZE - this.#used, size - this.#filled, chunk.length);
      const { buffer } = this.#chunks.at(-1)!;
      new Uint8Array(buffer).set(chunk.subarray(0, room), this.#used);
      this.#used += room;
      this.#filled += room;
      this.#chunks[this.#chunks.length - 1] = new Uint8Array(buffer, 0, this.#used);
      chunk = chunk.subarray(room);
    }
  }

  /** What was not sent yet: everything, as long as `sent` is 0. */
  rest(): Part {
    return { number: this.#sent + 1, size: this.#filled, chunks: this.#chunks };
  }

  /** Sends the last part and waits for all. */
  async finish(): Promise<void> {
    if (this.#filled > 0) await this.#send();
    await Promise.all(this.#underway);
    this.#signal.throwIfAborted();
  }

  /** Ends the upload and waits until nothing is under way. */
  async abort(reason?: unknown): Promise<void> {
    this.#controller.abort(reason);
    this.#chunks = [];
    this.#free.length = 0;
    await Promise.all(this.#underway);
  }

  async #send(): Promise<void> {
    while (this.#underway.size >= this.#options.concurrency) await Promise.race(this.#underway);
    this.#signal.throwIfAborted();
    const part = this.rest();
    this.#sent++;
    this.#chunks = [];
    this.#used = CHUNK_SIZE;
    this.#filled = 0;
    const task = this.#options.send(part, this.#signal).then(
      // What failed may still lie in a socket's queue, so only what was sent is used again.
      () => void this.#free.push(...part.chunks.map(({ buffer }) => buffer)),
      (error) => this.#controller.abort(error),
    ).finally(() => this.#underway.delete(task));
    this.#underway.add(task);
  }
}
