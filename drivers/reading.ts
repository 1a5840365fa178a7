/**
 * What `get` does around a driver's reader: ranges, sizes, digests.
 *
 * @module
 */
import { Invalid, InvalidRange } from "../errors/mod.ts";
import { exactly } from "../streams/exactly.ts";
import type { ByteRange, ByteReader, Bytes, ExpectedDigests } from "../streams/mod.ts";
import { readableFrom } from "../streams/readable.ts";
import { respondWith } from "../streams/respond.ts";
import type { DriverStat, ImageReader } from "./driver.ts";
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

/** The digests to verify: those given, or those that the store holds. Throws `Invalid` for none. */
export async function expectedDigests(
  { verify, offset, length }: GetOptions,
  stat: () => Promise<DriverStat>,
): Promise<ExpectedDigests | undefined> {
  if (!verify) return undefined;
  if (offset || length !== undefined) throw new Invalid("only a whole image can be verified");
  const { checksum, multihash } = verify === true ? await stat() : verify;
  if (checksum === undefined && multihash === undefined) {
    throw new Invalid("nothing is known to verify the image against");
  }
  return { checksum, multihash };
}

/** The reader of no bytes of an image that exists, from an offset inside it or at its end. */
export async function emptyReader(
  offset: number,
  stat: () => Promise<DriverStat>,
): Promise<ImageReader> {
  const { size: total, etag, modified } = await stat();
  if (total !== undefined && offset > total) throw pastEnd(offset, total);
  return {
    size: 0,
    total,
    etag,
    modified,
    read: (view) => Promise.resolve(view.subarray(0, 0)),
    close: () => Promise.resolve(),
  };
}

/** Holds a driver's reader to the size that it announced and the digests that are expected. */
export async function judgedReader(
  reader: ImageReader,
  expected: ExpectedDigests | undefined,
): Promise<ByteReader> {
  try {
    const bytes = reader.size === undefined ? reader : exactly(reader, reader.size);
    if (expected === undefined) return bytes;
    const { verified } = await import("../streams/verify.ts");
    return await verified(bytes, expected, reader.size);
  } catch (error) {
    await reader.close(error).catch(() => {});
    throw error;
  }
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
      if (passed !== undefined) return new Response(passed, init);
      return await respondWith(bytes, size, init);
    },
  };
}
