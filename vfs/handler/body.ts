/**
 * Response bodies that are made while they are read.
 *
 * @module
 */
import type { Bytes } from "../../streams/mod.ts";

/**
 * The bytes of a generator, none made before it is asked for. Cancelling the body aborts the signal
 * that the generator is given, and ends it.
 */
export function bodyOf(
  generate: (signal: AbortSignal) => AsyncGenerator<Bytes>,
): ReadableStream<Bytes> {
  const abort = new AbortController();
  const chunks = generate(abort.signal);
  return new ReadableStream<Bytes>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel(reason) {
      abort.abort(reason);
      await chunks.return(undefined).catch(() => {});
    },
  }, { highWaterMark: 0 });
}
