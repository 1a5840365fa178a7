/**
 * What `get` does around a driver's reader: it checks the range, holds the driver to the size that it
 * announced, ends the read when the caller aborts, and makes a stream or a response of it.
 *
 * @module
 */
import { InvalidRange } from "../errors/mod.ts";
import { abortable } from "../streams/abort.ts";
import { NO_BYTES } from "../streams/bytes.ts";
import type { ByteRange, ByteReader, Bytes } from "../streams/mod.ts";
import { streamResponse, takeStream } from "../streams/passthrough.ts";
import { readableFrom } from "../streams/readable.ts";
import { readerResponse } from "../streams/respond.ts";
import type { ImageReader } from "./driver.ts";
import type { DriverStat, GetOptions, GetResult, ImageRange } from "./types.ts";

/**
 * Validates the range of a read.
 *
 * @param range The range: `offset` and `length`, or `suffix`, in bytes.
 * @returns The first byte and the length. Default: from the first byte to the end.
 * @throws {InvalidRange} If one is not a whole number of bytes from 0, or `suffix` is not alone.
 */
export function checkRange({ offset = 0, length, suffix }: ImageRange): ByteRange {
  for (const [name, value = 0] of Object.entries({ offset, length, suffix })) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new InvalidRange(`${name} is a whole number of bytes, not ${value}`);
    }
  }
  if (suffix !== undefined && (offset || length !== undefined)) {
    throw new InvalidRange("suffix takes no offset and no length");
  }
  return { offset, length };
}

/**
 * Creates the error of a range that begins after the end of an image.
 *
 * @param offset Where the range begins, in bytes.
 * @param total The size of the image, in bytes.
 * @returns The error to throw.
 *
 * @example A driver that refuses such a range
 * ```ts
 * import { InvalidRange, pastEnd } from "@vitrine/vitrine";
 * import { assertInstanceOf } from "@std/assert";
 *
 * assertInstanceOf(pastEnd(5, 3), InvalidRange);
 * ```
 */
export function pastEnd(offset: number, total: number): InvalidRange {
  return new InvalidRange(
    `offset ${offset} lies after the end of the image, which has ${total} bytes`,
  );
}

/**
 * Creates a reader of no bytes of an image that exists.
 *
 * @param offset Where the empty range begins, in bytes.
 * @param stat What is known of the image.
 * @returns A reader that is at its end.
 * @throws {InvalidRange} If the offset lies after the end of the image.
 */
export function emptyReader(offset: number, stat: DriverStat): ImageReader {
  const { size: total, etag, modified } = stat;
  if (total !== undefined && offset > total) throw pastEnd(offset, total);
  return { size: 0, total, etag, modified, ...NO_BYTES };
}

/**
 * Creates a reader that fails and is released as soon as the signal aborts, whether it is being read at
 * that moment or not.
 *
 * @param reader The reader to pass on.
 * @param signal The caller's signal.
 * @param wrap Makes what users see of an error, or promises it.
 * @returns The reader for the caller.
 */
export function guarded(
  reader: ByteReader,
  signal: AbortSignal | undefined,
  wrap: (error: unknown) => unknown,
): ByteReader {
  const abort = abortable(signal);
  const release = () => void reader.close(signal!.reason).catch(() => {});
  signal?.addEventListener("abort", release, { once: true });
  return {
    async read(view) {
      try {
        return await abort.race(reader.read(view));
      } catch (error) {
        throw await wrap(error);
      }
    },
    async close(reason) {
      abort.dispose();
      signal?.removeEventListener("abort", release);
      await reader.close(reason);
    },
  };
}

/**
 * Creates what `get` resolves to. Only one of its stream, its reader and its response may be used.
 *
 * @param opened The driver's reader, for what it knows of the image.
 * @param bytes The same bytes, checked, for the caller.
 * @param options The options of the read.
 * @returns The result, whose stream is made when it is first used.
 */
export function readResult(
  opened: ImageReader,
  bytes: ByteReader,
  { verify, signal }: GetOptions,
): GetResult {
  const { size, total, etag, modified, isSparse } = opened;
  let stream: ReadableStream<Bytes> | undefined;
  return {
    size,
    total,
    etag,
    modified,
    inspection: opened.inspection ?? undefined,
    isSparse,
    reader: bytes,
    get stream() {
      return stream ??= readableFrom(bytes, size);
    },
    async respond(init) {
      // A read that is verified or can be aborted does not leave the program's hands.
      const passed = verify || signal ? undefined : takeStream(opened);
      return passed ? streamResponse(passed, init) : await readerResponse(bytes, size, init);
    },
  };
}
