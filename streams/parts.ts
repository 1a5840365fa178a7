/**
 * Parts of an image: chunks that are taken one by one, gathered into parts that can be sent several at
 * once and each again.
 *
 * @module
 */
import type { Bytes } from "./bytes.ts";

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
  /**
   * Returns the size of a part. The last part may be smaller.
   *
   * @param number The number of the part, from 1.
   * @returns The size in bytes.
   */
  size(number: number): number;
  /** How many bytes all parts may have together, those being sent and the one being filled. */
  memory: number;
  /**
   * Sends a part, and retries by itself if that can help. Its error ends the upload.
   *
   * @param part The part. Its bytes do not change until the promise settles.
   * @param signal Aborts when another part failed, or the upload was aborted.
   */
  send(part: Part, signal: AbortSignal): Promise<void>;
  /** Ends the upload; its reason is thrown. */
  signal?: AbortSignal | undefined;
}

/**
 * An upload in parts: those being sent, and the one being filled. The last part stays unsent until
 * {@linkcode Parts.finish}, so that data which fit into one part can be sent in another way.
 *
 * Nothing is copied: a part is made of the chunks themselves, and where two parts share a chunk, its
 * buffer is used again when both were sent.
 *
 * @example Gathering chunks into parts
 * ```ts
 * import { Parts } from "./parts.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const sizes: number[] = [];
 * const parts = new Parts({
 *   size: () => 4,
 *   memory: 8,
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
  /** How many pieces of a buffer were not sent yet. */
  readonly #pieces = new Map<ArrayBuffer, number>();
  /** Buffers that were sent. */
  readonly #free: ArrayBuffer[] = [];
  #sent = 0;
  #filled = 0;
  #chunks: Bytes[] = [];

  /**
   * Starts an upload that has nothing yet.
   *
   * @param options How large parts are, how they are sent, and how much memory they may take.
   */
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

  /**
   * Takes the next bytes. Waits if all parts together would need more memory than allowed.
   *
   * @param chunk The bytes. Its buffer is kept.
   * @returns A buffer of the same size in exchange.
   * @throws {unknown} What ended the upload: the error of a part, or the reason of the signal.
   */
  async write(chunk: Bytes): Promise<ArrayBuffer> {
    // One more, so that the buffer is not used again before all of the chunk is in parts.
    this.#count(chunk, 1);
    for (let at = 0; at < chunk.length;) {
      if (this.#filled === this.#options.size(this.#sent + 1)) await this.#next();
      const room = this.#options.size(this.#sent + 1) - this.#filled;
      const piece = chunk.subarray(at, at + room);
      this.#count(piece, 1);
      this.#chunks.push(piece);
      this.#filled += piece.length;
      at += piece.length;
    }
    this.#count(chunk, -1);
    const { byteLength } = chunk.buffer;
    const free = this.#free.pop();
    return free?.byteLength === byteLength ? free : new ArrayBuffer(byteLength);
  }

  /**
   * Returns what has not been sent yet.
   *
   * @returns The part that is being filled. It has all bytes as long as `sent` is 0.
   */
  rest(): Part {
    return { number: this.#sent + 1, size: this.#filled, chunks: this.#chunks };
  }

  /** Sends the last part and waits for all. */
  async finish(): Promise<void> {
    if (this.#filled > 0) this.#send();
    await Promise.all(this.#underway);
    this.#signal.throwIfAborted();
  }

  /**
   * Ends the upload, and waits until nothing is under way.
   *
   * @param reason What the signal of every part aborts with. Default: an `AbortError`.
   */
  async abort(reason?: unknown): Promise<void> {
    this.#controller.abort(reason);
    this.#chunks = [];
    this.#free.length = 0;
    await Promise.all(this.#underway);
  }

  /** Sends the part at hand and waits until there is room for another one. */
  async #next(): Promise<void> {
    this.#send();
    const { size, memory } = this.#options;
    const most = Math.max(1, Math.floor(memory / size(this.#sent + 1)));
    while (this.#underway.size >= most) await Promise.race(this.#underway);
    this.#signal.throwIfAborted();
  }

  #send(): void {
    this.#signal.throwIfAborted();
    const part = this.rest();
    this.#sent++;
    this.#chunks = [];
    this.#filled = 0;
    const task = this.#options.send(part, this.#signal).then(
      // What failed may still lie in a socket's queue, so only what was sent is used again.
      () => part.chunks.forEach((piece) => this.#count(piece, -1)),
      (error) => this.#controller.abort(error),
    ).finally(() => this.#underway.delete(task));
    this.#underway.add(task);
  }

  /** Counts the pieces of a buffer that were not sent; without any it is free. */
  #count({ buffer }: Bytes, change: number): void {
    const count = (this.#pieces.get(buffer) ?? 0) + change;
    if (count > 0) {
      this.#pieces.set(buffer, count);
    } else {
      this.#pieces.delete(buffer);
      this.#free.push(buffer);
    }
  }
}
