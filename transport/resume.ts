/**
 * Reads that survive a broken connection: the rest is requested again, of the same representation.
 *
 * @module
 */
import {
  ImageChanged,
  RemoteServiceUnavailable,
  StoreError,
  StoreRandomGetNotSupported,
} from "../errors/mod.ts";
import type { ImageReader } from "../store/driver.ts";
import type { ByteRange, ByteReader, Bytes } from "../streams/mod.ts";
import { offerStream, takeStream } from "../streams/passthrough.ts";
import { Backoff, type RetryOptions } from "./backoff.ts";

/** A body that has been opened for reading. */
export interface OpenedBody {
  /** The bytes of the range. */
  body: ByteReader;
  /** How many bytes the range has, if known. */
  size: number | undefined;
  /** Size of the whole image in bytes, if known. */
  total: number | undefined;
  /** The entity tag with its quotes, if there is one. */
  etag: string | undefined;
  /** When the image was last changed, if known. */
  modified?: Date | undefined;
  /**
   * What distinguishes this representation from every other: a strong entity tag, or a date that is as
   * good (RFC 9110, section 8.8). Without one, a read that has begun is not resumed.
   */
  validator: string | undefined;
}

/**
 * Opens a range of an image. With `validator`, it throws `ImageChanged` unless the range is of that
 * representation.
 */
export type OpenBody = (range: ByteRange, validator: string | undefined) => Promise<OpenedBody>;

/** Pieces of this size, in bytes, are read after a break, until the view is full. */
const LARGEST_PIECE = 65_536;
/** After a piece that broke, the next is a quarter of it, but not smaller than this. */
const SMALLEST_PIECE = 1_024;

/**
 * Opens a range for reading. If its body breaks, the rest is opened again after a wait. The bytes are
 * those of one representation, or the read fails with `ImageChanged`. Every byte that arrives resets
 * the number of retries.
 *
 * @param open Opens a range.
 * @param range The range to read.
 * @param options How often and how long to retry, and a signal that ends the waits.
 * @returns A reader of the range.
 *
 * @example A body that breaks once
 * ```ts
 * import { openSource } from "@vitrine/vitrine";
 * import { resumingReader } from "./mod.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const data = new TextEncoder().encode("hello");
 * let opened = 0;
 * const reader = await resumingReader(({ offset }) => {
 *   const { reader: body } = openSource(data.subarray(offset, opened++ === 0 ? 2 : 5));
 *   return Promise.resolve({ body, size: 5 - offset, total: 5, etag: '"1"', validator: '"1"' });
 * }, { offset: 0, length: undefined }, { minDelay: 0 });
 * assertEquals(await reader.read(new Uint8Array(8)), data);
 * ```
 */
export async function resumingReader(
  open: OpenBody,
  range: ByteRange,
  options: RetryOptions & { signal?: AbortSignal | undefined } = {},
): Promise<ImageReader> {
  const first = await open(range, undefined);
  const reader = new ResumingReader(open, range, first, options);
  offerStream(reader, () => takeStream(first.body));
  return reader;
}

class ResumingReader implements ImageReader {
  readonly size: number | undefined;
  readonly total: number | undefined;
  readonly etag: string | undefined;
  readonly modified: Date | undefined;
  readonly #open: OpenBody;
  readonly #range: ByteRange;
  #validator: string | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #backoff: Backoff;
  #body: ByteReader;
  /** How many bytes the range has, if known. */
  #end: number | undefined;
  /** How many bytes have been read. */
  #count = 0;
  /** Whether bytes have arrived since the last break. */
  #hasProgressed = true;
  #closed = false;

  constructor(
    open: OpenBody,
    range: ByteRange,
    first: OpenedBody,
    { signal, ...retry }: RetryOptions & { signal?: AbortSignal | undefined },
  ) {
    this.size = first.size;
    this.total = first.total;
    this.etag = first.etag;
    this.modified = first.modified;
    this.#open = open;
    this.#range = range;
    this.#validator = first.validator;
    this.#signal = signal;
    this.#backoff = new Backoff(retry);
    this.#body = first.body;
    this.#end = first.size;
  }

  async read(view: Bytes): Promise<Bytes> {
    const { byteOffset, byteLength } = view;
    const capacity = view.buffer.byteLength;
    if (this.#count === this.#end) return view.subarray(0, 0);
    let chunk: Bytes;
    try {
      chunk = this.#checked(await this.#body.read(view), byteLength, this.#count);
      this.#hasProgressed = true;
    } catch (error) {
      // From now on: the time until the break is no time spent on retries.
      if (this.#hasProgressed) this.#backoff.reset();
      this.#hasProgressed = false;
      // The buffer may have been transferred into the read that failed.
      const fresh = new Uint8Array(new ArrayBuffer(capacity), byteOffset, byteLength);
      chunk = await this.#resume(fresh, error);
    }
    this.#count += chunk.length;
    return chunk;
  }

  async close(reason?: unknown): Promise<void> {
    this.#closed = true;
    await this.#body.close(reason);
  }

  /** Fills the view after the body has broken. Throws the last error if that cannot be done. */
  async #resume(view: Bytes, cause: unknown): Promise<Bytes> {
    let filled = 0;
    for (let size = LARGEST_PIECE;; size = Math.max(size / 4, SMALLEST_PIECE)) {
      try {
        if (this.#count + filled === this.#end) return view.subarray(0, filled);
        await this.#reopen(this.#count + filled, cause);
        while (filled < view.length) {
          const wanted = Math.min(size, view.length - filled);
          const read = await this.#body.read(new Uint8Array(wanted));
          const piece = this.#checked(read, wanted, this.#count + filled);
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
    await this.#body.close(cause).catch(() => {});
    const isRetryable = cause instanceof StoreError && cause.retryable;
    const canResume = count === 0 || this.#validator !== undefined;
    if (this.#closed || !isRetryable || !canResume) throw cause;
    if (!await this.#backoff.wait(undefined, this.#signal)) throw cause;
    const { offset, length } = this.#range;
    const left = length === undefined ? undefined : (this.#end ?? length) - count;
    const next = await this.#open({ offset: offset + count, length: left }, this.#validator)
      .catch((error) => {
        if (!(error instanceof StoreRandomGetNotSupported)) throw error;
        const { message } = cause as Error;
        throw new RemoteServiceUnavailable(
          `the read broke after ${count} bytes and the server does not serve ranges: ${message}`,
          { cause, retryable: false },
        );
      });
    this.#body = next.body;
    if (count === 0) this.#validator = next.validator;
    if (this.#closed) await next.body.close().catch(() => {});
    const end = next.size === undefined ? undefined : count + next.size;
    if ((this.total ?? next.total) !== next.total || (this.#end ?? end) !== end) {
      await next.body.close().catch(() => {});
      throw new ImageChanged("the image was replaced while it was being read");
    }
    this.#end = end;
  }

  /** Returns a piece that was read after `before` bytes, unless it ends the data before its size. */
  #checked(piece: Bytes, wanted: number, before: number): Bytes {
    const count = before + piece.length;
    if (piece.length < wanted && this.#end !== undefined && count < this.#end) {
      throw new RemoteServiceUnavailable(`the data ended after ${count} of ${this.#end} bytes`);
    }
    return piece;
  }
}
