/**
 * Bodies of replies that are made while they are read.
 *
 * @module
 */
import type { Bytes } from "../../streams/mod.ts";

/**
 * Creates a stream of what a generator yields. Nothing is generated before it is read.
 *
 * @param generate Starts the generator. It is called at once, but does not run before the first read.
 * @param abort Aborted when the stream is cancelled and when the generator fails, so that what the
 * generator has opened, or will open, is released.
 * @returns The stream. Cancelling it ends the generator.
 */
export function generatedBody(
  generate: () => AsyncGenerator<Bytes>,
  abort: AbortController = new AbortController(),
): ReadableStream<Bytes> {
  const chunks = generate();
  return pullStream(() => chunks.next(), async (reason) => {
    abort.abort(reason);
    await chunks.return(undefined).catch(() => {});
  }, (error) => abort.abort(error));
}

/**
 * Creates a stream that calls a function when it fails.
 *
 * @param body The stream to read.
 * @param onFailure Called with the error, at most once; not for what follows a cancellation.
 * @returns A stream with the same bytes.
 */
export function observedBody(
  body: ReadableStream<Bytes>,
  onFailure: (error: unknown) => void,
): ReadableStream<Bytes> {
  const reader = body.getReader();
  return pullStream(() => reader.read(), (reason) => reader.cancel(reason), onFailure);
}

function pullStream(
  next: () => Promise<{ done?: boolean; value?: Bytes | void }>,
  cancel: (reason: unknown) => Promise<void>,
  onFailure: (error: unknown) => void,
): ReadableStream<Bytes> {
  let isCancelled = false;
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await next();
        if (isCancelled) return;
        if (done) controller.close();
        else controller.enqueue(value as Bytes);
      } catch (error) {
        if (!isCancelled) onFailure(error);
        throw error;
      }
    },
    cancel(reason) {
      isCancelled = true;
      return cancel(reason);
    },
  }, { highWaterMark: 0 });
}
