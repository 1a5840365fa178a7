/**
 * Response bodies that are made while they are read.
 *
 * @module
 */
import type { Bytes } from "../../streams/mod.ts";

/** Is told what a body fails with: by then the headers are gone, and no status can say it. */
export type OnFailure = ((error: unknown) => void) | undefined;

/**
 * The bytes of a generator, none made before it is asked for. Cancelling the body ends the generator;
 * that, and its failure, abort `abort`: what it has opened, or will open, is let go of.
 */
export function generatedBody(
  generate: () => AsyncGenerator<Bytes>,
  onFailure: OnFailure,
  abort: AbortController = new AbortController(),
): ReadableStream<Bytes> {
  const chunks = generate();
  return pulled(() => chunks.next(), async (reason) => {
    abort.abort(reason);
    await chunks.return(undefined).catch(() => {});
  }, (error) => {
    abort.abort(error);
    onFailure?.(error);
  });
}

/** A body that tells when it fails. */
export function observedBody(
  body: ReadableStream<Bytes>,
  onFailure: OnFailure,
): ReadableStream<Bytes> {
  const reader = body.getReader();
  return pulled(() => reader.read(), (reason) => reader.cancel(reason), onFailure);
}

function pulled(
  next: () => Promise<{ done?: boolean; value?: Bytes | void }>,
  cancel: (reason: unknown) => Promise<void>,
  onFailure: OnFailure,
): ReadableStream<Bytes> {
  let cancelled = false;
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await next();
        if (cancelled) return;
        if (done) controller.close();
        else controller.enqueue(value as Bytes);
      } catch (error) {
        if (!cancelled) onFailure?.(error);
        throw error;
      }
    },
    cancel(reason) {
      cancelled = true;
      return cancel(reason);
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
