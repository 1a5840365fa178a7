/**
 * Streams that are passed on as they are, instead of being read.
 *
 * @module
 */
import type { ByteReader, Bytes } from "./bytes.ts";

/** By the reader itself, so that a reader that wraps another one to judge its bytes offers nothing. */
const offers = new WeakMap<ByteReader, () => ReadableStream<Bytes> | undefined>();

/**
 * Says that a reader's bytes are all those of a stream of the runtime's own, as long as none was read:
 * `stream` gives it, once, and the reader is not used any more.
 */
export function offerStream(
  reader: ByteReader,
  stream: () => ReadableStream<Bytes> | undefined,
): void {
  offers.set(reader, stream);
}

/** The stream that takes a reader's place, or `undefined` where there is none. */
export function takeStream(reader: ByteReader): ReadableStream<Bytes> | undefined {
  return offers.get(reader)?.();
}
