/**
 * What follows a break in a read: the rest is requested again, of the same representation.
 *
 * @module
 */
import {
  ImageChanged,
  RemoteServiceUnavailable,
  StoreError,
  StoreRandomGetNotSupported,
} from "../errors/mod.ts";
import type { ByteRange, Bytes } from "../streams/mod.ts";
import { Backoff } from "./backoff.ts";
import { checkPiece, type OpenBody, type ReadState, type ResumeOptions } from "./read_state.ts";

/** Pieces of this size, in bytes, are read after a break, until the view is full. */
const LARGEST_PIECE = 65_536;
/** After a piece that broke, the next is a quarter of it, but not smaller than this. */
const SMALLEST_PIECE = 1_024;

/** Resumes one read, as often as its body breaks. */
export class Resumption {
  readonly #open: OpenBody;
  readonly #range: ByteRange & { total: number | undefined };
  readonly #state: ReadState;
  readonly #signal: AbortSignal | undefined;
  readonly #backoff: Backoff;

  /**
   * Creates it, for a read that has just broken.
   *
   * @param open Opens a range.
   * @param range The range that is read in bytes, and the size of the whole image, if known.
   * @param state How far the read has come; it is changed.
   * @param options How often and how long to retry, and a signal that ends the waits.
   */
  constructor(
    open: OpenBody,
    range: ByteRange & { total: number | undefined },
    state: ReadState,
    { signal, ...retry }: ResumeOptions,
  ) {
    this.#open = open;
    this.#range = range;
    this.#state = state;
    this.#signal = signal;
    this.#backoff = new Backoff(retry);
  }

  /**
   * Fills a view after the body has broken.
   *
   * @param view The view.
   * @param cause The error of the body.
   * @returns What was read; as much as the view holds, or all that is left.
   * @throws {StoreError} The last error, if the read cannot be resumed.
   */
  async fill(view: Bytes, cause: unknown): Promise<Bytes> {
    const state = this.#state;
    // From now on: the time until the break is no time spent on retries.
    if (state.hasProgressed) this.#backoff.reset();
    state.hasProgressed = false;
    let filled = 0;
    for (let size = LARGEST_PIECE;; size = Math.max(size / 4, SMALLEST_PIECE)) {
      try {
        if (state.count + filled === state.end) return view.subarray(0, filled);
        await this.#reopen(state.count + filled, cause);
        while (filled < view.length) {
          const wanted = Math.min(size, view.length - filled);
          const read = await state.body.read(new Uint8Array(wanted));
          const piece = checkPiece(read, wanted, state.count + filled, state.end);
          view.set(piece, filled);
          filled += piece.length;
          if (piece.length > 0) this.#backoff.reset();
          if (piece.length < wanted) break;
        }
        return view.subarray(0, filled);
      } catch (error) {
        if (error === cause) throw error;
        cause = error;
      }
    }
  }

  /** Opens what follows the first `count` bytes, or throws `cause` if that cannot be done. */
  async #reopen(count: number, cause: unknown): Promise<void> {
    const state = this.#state;
    await state.body.close(cause).catch(() => {});
    const isRetryable = cause instanceof StoreError && cause.retryable;
    const canResume = count === 0 || state.validator !== undefined;
    if (state.isClosed || !isRetryable || !canResume) throw cause;
    if (!await this.#backoff.wait(undefined, this.#signal)) throw cause;
    const { offset, length, total } = this.#range;
    const left = length === undefined ? undefined : (state.end ?? length) - count;
    const next = await this.#open({ offset: offset + count, length: left }, state.validator)
      .catch((error) => {
        if (!(error instanceof StoreRandomGetNotSupported)) throw error;
        const { message } = cause as Error;
        throw new RemoteServiceUnavailable(
          `the read broke after ${count} bytes and the server does not serve ranges: ${message}`,
          { cause, retryable: false },
        );
      });
    state.body = next.body;
    if (count === 0) state.validator = next.validator;
    if (state.isClosed) await next.body.close().catch(() => {});
    const end = next.size === undefined ? undefined : count + next.size;
    if ((total ?? next.total) !== next.total || (state.end ?? end) !== end) {
      await next.body.close().catch(() => {});
      throw new ImageChanged("the image was replaced while it was being read");
    }
    state.end = end;
  }
}
