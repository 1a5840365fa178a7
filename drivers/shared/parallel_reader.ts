/**
 * Reading one image over several connections at once, in order.
 *
 * @module
 */
import type { ByteRange, Bytes } from "../../streams/mod.ts";
import type { ImageReader } from "../../store/driver.ts";

/** How an image is read. */
export interface ParallelOptions {
  /** The entity tag that the image must have, where it is known. */
  etag: string | undefined;
  /** Size of a part, in bytes. */
  partSize: number;
  /** Size of the first part, which says what the image is, where it is another. */
  firstSize?: number | undefined;
  /** How many parts are on their way at once. */
  concurrency: number;
}

/**
 * Opens a reader over a range that keeps several parts on their way. All parts are of the representation that
 * the first one is of. One part more than are on their way is held in memory.
 *
 * @param open Opens a part of the image, which must have the entity tag if one is passed.
 * @param range The first byte, and the number of bytes at most. Default: to the end.
 * @param options The size of the parts in bytes, and how many are on their way at the same time.
 * @returns A reader of the whole range. If the server does not say what is needed, it is a single part.
 */
export async function parallelReader(
  open: (range: ByteRange, etag: string | undefined) => Promise<ImageReader>,
  { offset, length = Infinity }: ByteRange,
  { etag: expected, partSize, firstSize = partSize, concurrency }: ParallelOptions,
): Promise<ImageReader> {
  const first = await open({ offset, length: Math.min(firstSize, length) }, expected);
  const { total, etag, size: begun } = first;
  const size = Math.min(length, (total ?? NaN) - offset);
  // A part of an unknown whole cannot be followed, nor one that the next may not belong to.
  const whole = size === begun;
  if (!whole && (Number.isNaN(size) || !etag?.startsWith('"'))) {
    await first.close();
    return await open({ offset, length: length === Infinity ? undefined : length }, expected);
  }
  if (whole) return first;

  const readers = new Set<ImageReader>();
  const spare: ArrayBuffer[] = [];
  let closed = false;
  let at = 0;

  async function load(opening: Promise<ImageReader>, count: number): Promise<Bytes> {
    const reader = await opening;
    readers.add(reader);
    try {
      if (closed) throw new Error("the reader is closed");
      const buffer = spare.pop() ?? new ArrayBuffer(Math.max(count, partSize));
      return await reader.read(new Uint8Array(buffer, 0, count));
    } finally {
      readers.delete(reader);
      await reader.close();
    }
  }

  const parts: Promise<Bytes>[] = [];
  function begin(opening?: Promise<ImageReader>): void {
    const count = Math.min(at === 0 ? firstSize : partSize, size - at);
    const part = load(opening ?? open({ offset: offset + at, length: count }, etag), count);
    part.catch(() => {});
    parts.push(part);
    at += count;
  }
  begin(Promise.resolve(first));

  let head: Bytes = new Uint8Array();
  return {
    size,
    total,
    etag,
    modified: first.modified,
    async read(view) {
      let filled = 0;
      while (filled < view.length) {
        if (head.length === 0) {
          while (parts.length < concurrency && at < size) begin();
          const part = parts.shift();
          if (part === undefined) break;
          head = await part;
        }
        const piece = head.subarray(0, view.length - filled);
        view.set(piece, filled);
        filled += piece.length;
        head = head.subarray(piece.length);
        if (head.length === 0) spare.push(head.buffer);
      }
      return view.subarray(0, filled);
    },
    async close(reason) {
      closed = true;
      await Promise.all([...readers].map((reader) => reader.close(reason)));
    },
  };
}
