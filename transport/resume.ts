/**
 * Reads that survive a broken body: what is missing is asked for again, of the same representation.
 *
 * @module
 */
import { RemoteServiceUnavailable } from "../errors/mod.ts";
import type { ImageReader } from "../store/driver.ts";
import type { ByteRange, ByteReader, Bytes } from "../streams/mod.ts";
import { offerStream, takeStream } from "../streams/passing.ts";
import type { Mender } from "./mend.ts";
import type { RetryOptions } from "./retry.ts";

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

/** How far a read has come. */
export interface Progress {
  /** The body that is being read. */
  body: ByteReader;
  /** How many bytes the whole read gives, where known. */
  end: number | undefined;
  /** How many bytes were given. */
  delivered: number;
  /** Whether nobody reads any more. */
  closed: boolean;
}

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
  const first = await open(range, undefined);
  const { body, size, total, etag, modified } = first;
  const progress: Progress = { body, end: size, delivered: 0, closed: false };
  let mender: Mender | undefined;
  const reader: ImageReader = {
    size,
    total,
    etag,
    modified,
    async read(view) {
      const { byteOffset, byteLength } = view;
      const capacity = view.buffer.byteLength;
      if (progress.delivered === progress.end) return view.subarray(0, 0);
      let chunk: Bytes;
      try {
        chunk = whole(await progress.body.read(view), byteLength, progress, progress.delivered);
        if (chunk.length > 0) mender?.progressed();
      } catch (error) {
        if (mender === undefined) {
          const { Mender } = await import("./mend.ts");
          mender = new Mender(open, range, first, progress, options);
        }
        // The buffer went into the read that failed, so a new one takes its place.
        const fresh = new Uint8Array(new ArrayBuffer(capacity), byteOffset, byteLength);
        chunk = await mender.fill(fresh, error);
      }
      progress.delivered += chunk.length;
      return chunk;
    },
    async close(reason) {
      progress.closed = true;
      await progress.body.close(reason);
    },
  };
  offerStream(reader, () => takeStream(body));
  return reader;
}

/** A piece that was read after `before` bytes; throws where it ends the body before its size. */
export function whole(piece: Bytes, wanted: number, { end }: Progress, before: number): Bytes {
  const count = before + piece.length;
  if (piece.length < wanted && end !== undefined && count < end) {
    throw new RemoteServiceUnavailable(`the data ended after ${count} of ${end} bytes`);
  }
  return piece;
}
