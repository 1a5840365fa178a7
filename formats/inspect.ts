/**
 * Inspects an image that can be read: whole data, or whatever can be read by ranges.
 *
 * @module
 */
import { type ImageData, openSource } from "../streams/source.ts";
import { Examiner } from "./examiner.ts";
import { HEAD_SIZE, TAIL_SIZE } from "./format.ts";
import type { ImageInspection } from "./inspection.ts";
import { FormatInspector } from "./inspector.ts";

/** The size of the pieces in which a stream is read, in bytes. */
const PIECE = 262_144;

/** An image that is read by ranges. */
export interface RangeSource {
  /**
   * Reads bytes of the image.
   *
   * @param offset Offset of the first byte. It may be the size of the image, or more.
   * @param length The most bytes to read.
   * @returns The bytes, fewer only at the end of the image, and the size of the whole image in bytes.
   */
  read(offset: number, length: number): Promise<{ bytes: Uint8Array; size: number }>;
}

/**
 * Inspects an image.
 *
 * Of a `Blob` and of bytes, only what is needed is read: the head, the end, and what the head points to.
 * A stream, an iterable or a `Response` is read to its end, as the end of an image can change the
 * verdict, and at most 512 KiB of it are kept.
 *
 * @param source All bytes of the image, in any of the forms that `Store.add` takes.
 * @returns What it is, and whether it is safe.
 * @throws {Invalid} If the source is nothing that an image can be read from.
 *
 * @example Look into a picture
 * ```ts
 * import { inspect } from "@vitrine/vitrine/formats";
 * import { assertEquals } from "@std/assert";
 *
 * const { format, width, height } = await inspect(new Blob(["GIF89a\x20\0\x10\0"]));
 * assertEquals([format, width, height], ["gif", 32, 16]);
 * ```
 */
export async function inspect(source: ImageData): Promise<ImageInspection> {
  if (source instanceof ArrayBuffer) source = new Uint8Array(source);
  if (source instanceof Uint8Array || source instanceof Blob) return inspectRanges(slices(source));
  const { reader } = openSource(source);
  const inspector = new FormatInspector();
  try {
    let view = new Uint8Array(PIECE);
    for (;;) {
      const chunk = await reader.read(view);
      if (chunk.length === 0) return inspector.end();
      inspector.update(chunk);
      view = new Uint8Array(chunk.buffer, chunk.byteOffset, PIECE);
    }
  } finally {
    await reader.close();
  }
}

function slices(data: Uint8Array | Blob): RangeSource {
  if (data instanceof Blob) {
    const read = async (offset: number, length: number) => {
      const slice = data.slice(offset, offset + length);
      return { bytes: new Uint8Array(await slice.arrayBuffer()), size: data.size };
    };
    return { read };
  }
  return {
    read: (offset, length) =>
      Promise.resolve({ bytes: data.subarray(offset, offset + length), size: data.length }),
  };
}

/**
 * Inspects an image that is read by ranges: at most three ranges for what usual programs write, of less
 * than 512 KiB altogether.
 *
 * @param source The image.
 * @returns What it is, and whether it is safe: the same verdict as on the whole image.
 *
 * @example Ranges of bytes in memory
 * ```ts
 * import { inspectRanges } from "@vitrine/vitrine/formats";
 * import { assertEquals } from "@std/assert";
 *
 * const picture = new TextEncoder().encode("GIF89a\x20\0\x10\0");
 * const { format } = await inspectRanges({
 *   read: (offset, length) =>
 *     Promise.resolve({ bytes: picture.subarray(offset, offset + length), size: picture.length }),
 * });
 * assertEquals(format, "gif");
 * ```
 */
export async function inspectRanges(source: RangeSource): Promise<ImageInspection> {
  const { bytes: head, size } = await source.read(0, HEAD_SIZE);
  const examiner = new Examiner(head);
  while (examiner.wanted.size > 0) {
    for (const wanted of examiner.wanted) {
      const isInside = wanted.offset < size;
      wanted.give(
        isInside ? (await source.read(wanted.offset, wanted.length)).bytes : head.subarray(0, 0),
      );
    }
  }
  const tailAt = Math.max(0, size - TAIL_SIZE);
  const tail = size <= head.length
    ? head.subarray(tailAt)
    : (await source.read(tailAt, TAIL_SIZE)).bytes;
  return examiner.end(tail, size);
}
