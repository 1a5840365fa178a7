/**
 * Reads that survive a broken connection. What happens after a break is in `resume.ts`, which is loaded by
 * the first break.
 *
 * @module
 */
import { RemoteServiceUnavailable } from "../errors/mod.ts";
import type { ImageReader } from "../store/driver.ts";
import type { ByteRange, ByteReader, Bytes } from "../streams/mod.ts";
import { offerStream, takeStream } from "../streams/passthrough.ts";
import type { RetryOptions } from "./backoff.ts";
import type { Resumption } from "./resume.ts";

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

/** Options of a read that can be resumed. */
export interface ResumeOptions extends RetryOptions {
  /** Ends the waits. */
  signal?: AbortSignal | undefined;
}

/** How far a read has come. */
export interface ReadState {
  /** The body that is being read. */
  body: ByteReader;
  /** How many bytes the range has, if known. */
  end: number | undefined;
  /** How many bytes have been read. */
  count: number;
  /** The validator of the representation. */
  validator: string | undefined;
  /** Whether bytes have arrived since the last break. */
  hasProgressed: boolean;
  /** Whether the reader has been closed. */
  isClosed: boolean;
}

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
  options: ResumeOptions = {},
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
  readonly #state: ReadState;
  readonly #resume: () => Promise<Resumption>;
  #resumption: Promise<Resumption> | undefined;

  constructor(open: OpenBody, range: ByteRange, first: OpenedBody, options: ResumeOptions) {
    const { size, total, etag, modified, body, validator } = first;
    this.size = size;
    this.total = total;
    this.etag = etag;
    this.modified = modified;
    const state: ReadState = {
      body,
      end: size,
      count: 0,
      validator,
      hasProgressed: true,
      isClosed: false,
    };
    this.#state = state;
    this.#resume = async () => {
      const { Resumption } = await import("./resume.ts");
      return new Resumption(open, { ...range, total }, state, options);
    };
  }

  async read(view: Bytes): Promise<Bytes> {
    const { byteOffset, byteLength } = view;
    const capacity = view.buffer.byteLength;
    const state = this.#state;
    if (state.count === state.end) return view.subarray(0, 0);
    let chunk: Bytes;
    try {
      chunk = checkPiece(await state.body.read(view), byteLength, state.count, state.end);
      state.hasProgressed = true;
    } catch (error) {
      const resumption = await (this.#resumption ??= this.#resume());
      // The buffer may have been transferred into the read that failed.
      const fresh = new Uint8Array(new ArrayBuffer(capacity), byteOffset, byteLength);
      chunk = await resumption.fill(fresh, error);
    }
    state.count += chunk.length;
    return chunk;
  }

  async close(reason?: unknown): Promise<void> {
    this.#state.isClosed = true;
    await this.#state.body.close(reason);
  }
}

/**
 * Checks that a piece does not end the data before its size.
 *
 * @param piece The piece.
 * @param wanted How many bytes were to be read.
 * @param before How many bytes were read before.
 * @param end How many bytes there are in all, if known.
 * @returns The piece.
 * @throws {RemoteServiceUnavailable} If the data has ended too early.
 */
export function checkPiece(
  piece: Bytes,
  wanted: number,
  before: number,
  end: number | undefined,
): Bytes {
  const count = before + piece.length;
  if (piece.length < wanted && end !== undefined && count < end) {
    throw new RemoteServiceUnavailable(`the data ended after ${count} of ${end} bytes`);
  }
  return piece;
}
