/**
 * Reads that survive a broken body: what is missing is asked for again, of the same representation.
 *
 * @module
 */
import { ImageChanged, RemoteServiceUnavailable, StoreError } from "../errors/mod.ts";
import type { ImageReader } from "../drivers/driver.ts";
import type { ByteRange, ByteReader, Bytes } from "../streams/mod.ts";
import { offerStream, takeStream } from "../streams/passing.ts";
import { Backoff, type RetryOptions } from "./retry.ts";

/** A body under way. */
export interface OpenedBody {
  /** The bytes of the range. */
  body: ByteReader;
  /** How many they are, where known. */
  size: number | undefined;
  /** Size of the whole in bytes, where known. */
  total: number | undefined;
  /** The entity tag, quotes included, where there is one. */
  etag: string | undefined;
  /** When the whole was last changed, where the server tells. */
  modified?: Date | undefined;
  /**
   * What tells this representation from every other: a strong entity tag, or a date that is as good
   * (RFC 9110, section 8.8). Without one, nothing that was begun is resumed.
   */
  validator: string | undefined;
}

/**
 * Opens a range; with `validator`, of that representation alone, else it throws `ImageChanged`.
 */
export type OpenBody = (range: ByteRange, validator: string | undefined) => Promise<OpenedBody>;

/** The piece in which a body that broke is read, until the view at hand is full. */
const CAREFUL = 65_536;

/**
 * A reader over `open` that opens the rest again where a body breaks. The bytes are those of one
 * representation, or the read fails with `ImageChanged`. Every byte that comes renews the number of
 * retries.
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
  const { signal } = options;
  const backoff = new Backoff(options);
  const first = await open(range, undefined);
  const { size, total, etag, modified, validator } = first;
  let body = first.body;
  let end = size;
  let delivered = 0;
  let closed = false;

  /** Opens what comes after `count` bytes, or throws `cause` where that cannot be done. */
  async function reopen(count: number, cause: unknown): Promise<void> {
    await body.close(cause).catch(() => {});
    const retryable = cause instanceof StoreError && cause.retryable;
    if (closed || !retryable || (count > 0 && validator === undefined)) throw cause;
    if (!await backoff.wait(undefined, signal)) throw cause;
    const length = range.length === undefined ? undefined : (end ?? range.length) - count;
    const again = await open({ offset: range.offset + count, length }, validator);
    body = again.body;
    if (closed) await body.close().catch(() => {});
    const until = again.size === undefined ? undefined : count + again.size;
    if ((total ?? again.total) !== again.total || (end ?? until) !== until) {
      await body.close().catch(() => {});
      throw new ImageChanged("the image was replaced while it was being read");
    }
    end = until;
  }

  /** Fills the view, from one body or its successors; throws what the last of them did. */
  async function carefully(view: Bytes, cause: unknown): Promise<Bytes> {
    let filled = 0;
    for (;;) {
      try {
        if (delivered + filled === end) return view.subarray(0, filled);
        await reopen(delivered + filled, cause);
        while (filled < view.length) {
          const wanted = Math.min(CAREFUL, view.length - filled);
          const piece = whole(await body.read(new Uint8Array(wanted)), wanted, delivered + filled);
          view.set(piece, filled);
          filled += piece.length;
          if (piece.length > 0) backoff.reset();
          if (piece.length < wanted) break;
        }
        return view.subarray(0, filled);
      } catch (error) {
        if (error === cause) throw error;
        cause = error;
      }
    }
  }

  /** Throws where a piece ends the body before its size. */
  function whole(piece: Bytes, wanted: number, before: number): Bytes {
    const count = before + piece.length;
    if (piece.length < wanted && end !== undefined && count < end) {
      throw new RemoteServiceUnavailable(`the data ended after ${count} of ${end} bytes`);
    }
    return piece;
  }

  const reader: ImageReader = {
    size,
    total,
    etag,
    modified,
    async read(view) {
      const { byteOffset, byteLength } = view;
      const capacity = view.buffer.byteLength;
      if (delivered === end) return view.subarray(0, 0);
      let chunk: Bytes;
      try {
        chunk = whole(await body.read(view), byteLength, delivered);
        if (chunk.length > 0) backoff.reset();
      } catch (error) {
        // The buffer went into the read that failed, so a new one takes its place.
        const fresh = new Uint8Array(new ArrayBuffer(capacity), byteOffset, byteLength);
        chunk = await carefully(fresh, error);
      }
      delivered += chunk.length;
      return chunk;
    },
    async close(reason) {
      closed = true;
      await body.close(reason);
    },
  };
  offerStream(reader, () => takeStream(first.body));
  return reader;
}
