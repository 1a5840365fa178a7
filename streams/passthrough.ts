/**
 * Streams of the runtime that are passed on as they are. Reading each byte of them in JavaScript would
 * take twice the CPU time in workerd, where CPU time is limited and paid for. A file of its own, so that
 * the HTTP client can offer a stream without loading what makes responses.
 *
 * @module
 */
// Small: the one way around the readers, which must stay easy to find.
import type { ByteReader, Bytes } from "./bytes.ts";

/** Keyed by the reader itself, so that a reader that wraps another one to check its bytes offers nothing. */
const offers = new WeakMap<ByteReader, () => ReadableStream<Bytes> | undefined>();

/**
 * Offers a stream of the runtime in place of a reader that has not been read from.
 *
 * @param reader The reader.
 * @param stream Called once, if the stream is taken: returns the stream that has all bytes of the reader,
 * or `undefined` if the reader has been read from. The reader is not used after that.
 */
export function offerStream(
  reader: ByteReader,
  stream: () => ReadableStream<Bytes> | undefined,
): void {
  offers.set(reader, stream);
}

/**
 * Takes the stream that was offered in place of a reader.
 *
 * @param reader The reader. It must not be used any more if there is a stream.
 * @returns The stream, or `undefined` if none was offered.
 */
export function takeStream(reader: ByteReader): ReadableStream<Bytes> | undefined {
  return offers.get(reader)?.();
}

/**
 * Returns a response with a stream as its body.
 *
 * @param stream The stream. It is cancelled if there can be no such response.
 * @param init The status and the headers.
 * @returns The response.
 * @throws {TypeError} If a response with that status has no body.
 */
export function streamResponse(
  stream: ReadableStream<Bytes>,
  init: ResponseInit | undefined,
): Response {
  try {
    return new Response(stream, init);
  } catch (error) {
    void stream.cancel(error).catch(() => {});
    throw error;
  }
}
