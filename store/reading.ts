/**
 * What `get` does around a driver's reader: ranges and sizes.
 *
 * @module
 */
import { InvalidRange } from "../errors/mod.ts";
import type { ByteRange, ByteReader, Bytes } from "../streams/mod.ts";
import { readableFrom } from "../streams/readable.ts";
import { streamResponse } from "../streams/passthrough.ts";
import { readerResponse } from "../streams/respond.ts";
import type { ImageReader } from "./driver.ts";
import type { GetOptions, GetResult } from "./operations.ts";

/** The range that is asked for. Throws `InvalidRange` if it is none. */
export function checkRange({ offset = 0, length }: GetOptions): ByteRange {
  for (const [name, value] of [["offset", offset], ["length", length ?? 0]] as const) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new InvalidRange(`${name} is a whole number of bytes, not ${value}`);
    }
  }
  return { offset, length };
}

/** The error of a range that begins past the end of an image. */
export function pastEnd(offset: number, total: number): InvalidRange {
  return new InvalidRange(
    `offset ${offset} lies past the end of the image, which has ${total} bytes`,
  );
}

/** What `get` resolves to; `own` gives the stream that may take the reader's place. */
export function readResult(
  { size, total, etag, modified }: ImageReader,
  bytes: ByteReader,
  own: (() => ReadableStream<Bytes> | undefined) | undefined,
): GetResult {
  let stream: ReadableStream<Bytes> | undefined;
  return {
    size,
    total,
    etag,
    modified,
    get stream() {
      return stream ??= readableFrom(bytes, size);
    },
    async respond(init) {
      const passed = own?.();
      return passed ? streamResponse(passed, init) : await readerResponse(bytes, size, init);
    },
  };
}
