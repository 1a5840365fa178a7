/**
 * The rest of a body that broke, opened again. Loaded with the first one that does.
 *
 * @module
 */
import { ImageChanged, StoreError } from "../errors/mod.ts";
import type { ByteRange, Bytes } from "../streams/mod.ts";
import { type OpenBody, type OpenedBody, type Progress, whole } from "./resume.ts";
import { Backoff, type RetryOptions } from "./retry.ts";

/** The piece in which a body that broke is read, until the view at hand is full. */
const CAREFUL = 65_536;

/** Goes on with one read from where its bodies break. */
export class Mender {
  readonly #open: OpenBody;
  readonly #range: ByteRange;
  readonly #first: OpenedBody;
  readonly #progress: Progress;
  readonly #signal: AbortSignal | undefined;
  readonly #backoff: Backoff;

  /** Takes what the read was opened with, and how far it has come. */
  constructor(
    open: OpenBody,
    range: ByteRange,
    first: OpenedBody,
    progress: Progress,
    options: RetryOptions & { signal?: AbortSignal | undefined },
  ) {
    this.#open = open;
    this.#range = range;
    this.#first = first;
    this.#progress = progress;
    this.#signal = options.signal;
    this.#backoff = new Backoff(options);
  }

  /** Renews the number of retries. */
  progressed(): void {
    this.#backoff.reset();
  }

  /**
   * Fills the view with what comes next, from the successors of a body that broke by `cause`; throws
   * what the last of them did.
   */
  async fill(view: Bytes, cause: unknown): Promise<Bytes> {
    const progress = this.#progress;
    const { delivered } = progress;
    let filled = 0;
    for (;;) {
      try {
        if (delivered + filled === progress.end) return view.subarray(0, filled);
        await this.#reopen(delivered + filled, cause);
        while (filled < view.length) {
          const wanted = Math.min(CAREFUL, view.length - filled);
          const read = await progress.body.read(new Uint8Array(wanted));
          const piece = whole(read, wanted, progress, delivered + filled);
          view.set(piece, filled);
          filled += piece.length;
          if (piece.length > 0) this.progressed();
          if (piece.length < wanted) break;
        }
        return view.subarray(0, filled);
      } catch (error) {
        if (error === cause) throw error;
        cause = error;
      }
    }
  }

  /** Opens what comes after `count` bytes, or throws `cause` where that cannot be done. */
  async #reopen(count: number, cause: unknown): Promise<void> {
    const progress = this.#progress;
    const { total, validator } = this.#first;
    await progress.body.close(cause).catch(() => {});
    const retryable = cause instanceof StoreError && cause.retryable;
    if (progress.closed || !retryable || (count > 0 && validator === undefined)) throw cause;
    if (!await this.#backoff.wait(undefined, this.#signal)) throw cause;
    const { offset, length } = this.#range;
    const left = length === undefined ? undefined : (progress.end ?? length) - count;
    const again = await this.#open({ offset: offset + count, length: left }, validator);
    progress.body = again.body;
    if (progress.closed) await again.body.close().catch(() => {});
    const until = again.size === undefined ? undefined : count + again.size;
    if ((total ?? again.total) !== again.total || (progress.end ?? until) !== until) {
      await again.body.close().catch(() => {});
      throw new ImageChanged("the image was replaced while it was being read");
    }
    progress.end = until;
  }
}
