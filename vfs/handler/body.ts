/**
 * Response bodies that are made while they are read.
 *
 * @module
 */
import type { Bytes } from "../../streams/mod.ts";

/**
 * The bytes of a generator, none made before it is asked for. Cancelling the body ends the generator;
 * that, and its failure, abort `abort`: what it has opened, or will open, is let go of.
 */
export function bodyOf(
  generate: () => AsyncGenerator<Bytes>,
  abort: AbortController = new AbortController(),
): ReadableStream<Bytes> {
  const chunks = generate();
  return new ReadableStream<Bytes>({
    async pull(controller) {
      try {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        abort.abort(error);
        throw error;
      }
    },
    async cancel(reason) {
      abort.abort(reason);
      await chunks.return(undefined).catch(() => {});
    },
  }, { highWaterMark: 0 });
}

/**
 * What a HEAD is answered with where the length that a GET would send is not known: for no body at all
 * servers write `Content-Length: 0` (RFC 9110, section 8.6).
 */
export function unknownLength(): ReadableStream<Bytes> {
  return new ReadableStream({ start: (controller) => controller.close() });
}
