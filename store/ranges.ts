/**
 * Reads of several ranges of one image, and of its end.
 *
 * @module
 */
import { ImageChanged, InvalidRange, StoreRandomGetNotSupported } from "../errors/mod.ts";
import type { StoreLocation } from "../location/mod.ts";
import type { ByteRange, Bytes } from "../streams/mod.ts";
import { poolMap } from "../streams/pool_map.ts";
import type { ImageReader } from "./driver.ts";
import { isOther } from "./image_handle.ts";
import { checkRange, emptyReader, pastEnd } from "./reading.ts";
import type { Runner } from "./runner.ts";
import type { DriverStat, ImageHandle, ImageRange, ImageRef, OperationOptions } from "./types.ts";

/** Ranges with at most this many bytes between them are read by one request. */
const GAP = 256 * 1024;

/** How many bytes one request reads at most, if not by a single range. */
const MERGED_LIMIT = 16 * 1024 * 1024;

/** How many requests are under way at once. */
const CONCURRENCY = 8;

/** A part of an image: from its first byte to the one after its last. */
interface Span {
  start: number;
  end: number;
}

/**
 * Reads ranges of an image; `Store.getRanges` describes it.
 *
 * @typeParam L The driver's class of locations.
 * @param runner Runs the operations of the store.
 * @param open Opens the image.
 * @param image The image: its id, its location or its location URI.
 * @param ranges The ranges.
 * @param options The caller, and an abort signal.
 * @returns The bytes of each range.
 */
export function getRanges<L extends StoreLocation>(
  runner: Runner<L>,
  open: () => Promise<ImageHandle>,
  image: ImageRef,
  ranges: readonly ImageRange[],
  options: OperationOptions,
): Promise<Bytes[]> {
  return runner.run("getRanges", image, options, async () => {
    for (const range of ranges) checkRange(range);
    const handle = await open();
    try {
      const spans = ranges.map((range) => spanOf(range, handle.size));
      const results: Bytes[] = [];
      await poolMap(mergeSpans(spans), CONCURRENCY, async ({ start, end, indexes }) => {
        const bytes = new Uint8Array(end - start);
        const count = await handle.read(bytes, start);
        if (count !== bytes.length) {
          throw new ImageChanged(`the image ended after ${start + count} of ${handle.size} bytes`);
        }
        for (const index of indexes) {
          const span = spans[index]!;
          results[index] = indexes.length === 1
            ? bytes
            : bytes.slice(span.start - start, span.end - start);
        }
      });
      return results;
    } finally {
      await handle.close();
    }
  });
}

/**
 * Returns the bytes that a range has in an image.
 *
 * @param range The range.
 * @param size The size of the image in bytes.
 * @returns The first byte, and the one after the last.
 * @throws {InvalidRange} If the range begins after the end of the image.
 */
function spanOf({ offset = 0, length = Infinity, suffix }: ImageRange, size: number): Span {
  if (suffix !== undefined) return { start: Math.max(0, size - suffix), end: size };
  if (offset > size) throw pastEnd(offset, size);
  return { start: offset, end: Math.min(size, offset + length) };
}

/** Merges what overlaps or nearly touches, in order. `indexes` are those of the spans in a merged one. */
function mergeSpans(spans: readonly Span[]): (Span & { indexes: number[] })[] {
  const merged: (Span & { indexes: number[] })[] = [];
  const order = [...spans.keys()].sort((a, b) => spans[a]!.start - spans[b]!.start);
  for (const index of order) {
    const { start, end } = spans[index]!;
    const last = merged.at(-1);
    const both = last && Math.max(last.end, end);
    if (last && both! <= Math.max(last.end, last.start + MERGED_LIMIT) && start <= last.end + GAP) {
      last.end = both!;
      last.indexes.push(index);
    } else merged.push({ start, end, indexes: [index] });
  }
  return merged;
}

/**
 * Opens the end of an image.
 *
 * @param suffix How many bytes are wanted.
 * @param open Opens a range of the image.
 * @param stat Reads what is known of the image.
 * @returns The reader. A suffix that is longer than the image is all of it.
 * @throws {StoreRandomGetNotSupported} If the size of the image is not known.
 * @throws {ImageChanged} If the image was replaced while it was being opened.
 */
export async function openSuffix(
  suffix: number,
  open: (range: ByteRange) => Promise<ImageReader>,
  stat: () => Promise<DriverStat>,
): Promise<ImageReader> {
  const known = await stat();
  if (known.size === undefined) {
    throw new StoreRandomGetNotSupported("the size of the image is not known");
  }
  const { start, end } = spanOf({ suffix }, known.size);
  if (start === end) return emptyReader(start, known);
  const reader = await open({ offset: start, length: end - start }).catch((error) => {
    // The image had that many bytes a moment ago.
    throw error instanceof InvalidRange ? replaced() : error;
  });
  if (!isOther(reader, known)) return reader;
  await reader.close();
  throw replaced();
}

function replaced(): ImageChanged {
  return new ImageChanged("the image was replaced while it was being opened");
}
