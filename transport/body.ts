/**
 * The body of an answer: pulled, timed and counted.
 *
 * @module
 */
import { RemoteServiceUnavailable, TimeoutError } from "../errors/mod.ts";
import { abortable } from "../streams/abort.ts";
import type { ByteReader, Bytes } from "../streams/bytes.ts";
import { offerStream } from "../streams/passing.ts";
import { isWorkerd } from "../streams/workerd.ts";

/** What a body is read under. */
export interface BodyOptions {
  /** How long to wait for the next byte, in milliseconds. */
  idle: number;
  /** Ends the request; the body aborts it where it is not read to its end. */
  controller: AbortController;
  /** Called when the body is done with. */
  dispose: () => void;
}

/**
 * A reader over a body of `length` bytes, where that is known, with a timer that runs while somebody
 * waits. A view is filled by one `min` read, the fastest there is, which says nothing until it is
 * done. Where that takes a part of the idle time, it is left for reads of what comes as it comes, each
 * of which is a sign of life.
 */
export function timedBody(
  stream: ReadableStream<Uint8Array>,
  length: number | undefined,
  { idle, controller, dispose }: BodyOptions,
): ByteReader {
  let opening: Promise<Source> | undefined;
  const source = () => opening ??= opened(stream);
  const abort = abortable(controller.signal);
  let quick = true;
  let count = 0;
  let ended = false;
  let closed = false;

  const reader: ByteReader = {
    async read(view) {
      const { byteOffset: start, byteLength: wanted } = view;
      const capacity = view.buffer.byteLength;
      let { buffer } = view;
      let filled = 0;
      // A stream that ends with less than `min` queued would fail instead of giving it.
      let blind = quick && length !== undefined;
      let left = false;
      let heard = performance.now();
      let from: Source;
      const check = () => {
        quick = false;
        try {
          if (blind) {
            // What has come stays in the stream (ReadableByteStreamControllerReleaseSteps).
            from.releaseLock!();
            opening = opened(stream);
            left = true;
          }
        } catch {
          // Not where chunks are read, nor by an older standard: there it goes on.
        }
        blind = false;
        const wait = heard + idle - performance.now();
        if (wait > 0) timer = setTimeout(check, wait);
        else controller.abort(new TimeoutError(`the server sent nothing for ${idle} ms`));
      };
      let timer = setTimeout(check, idle / 16);
      quick = true;
      try {
        while (filled < wanted && !ended) {
          from = await source();
          const size = Math.min(wanted - filled, (length ?? Infinity) - count - filled);
          const next = new Uint8Array(buffer, start + filled, size);
          const { value, done } = await abort.race(from.read(next, { min: blind ? size : 1 }))
            .catch((error) => {
              if (!left) throw error;
              left = false;
              return { value: new Uint8Array(new ArrayBuffer(capacity), start, 0), done: false };
            });
          heard = performance.now();
          blind = false;
          if (value !== undefined) {
            buffer = value.buffer;
            filled += value.length;
          }
          ended = done;
          if (count + filled === length && !ended) {
            // Only a body whose end was seen gives its connection back.
            await abort.race(from.read(new Uint8Array(1), { min: 1 }));
            ended = true;
          }
        }
      } catch (error) {
        const { broken } = await import("./broken.ts");
        throw broken(error, controller.signal);
      } finally {
        clearTimeout(timer);
      }
      count += filled;
      if (ended && count < (length ?? 0)) {
        throw new RemoteServiceUnavailable(`the answer ended after ${count} of ${length} bytes`);
      }
      return new Uint8Array(buffer, start, filled);
    },
    async close(reason) {
      if (closed) return;
      closed = true;
      abort.dispose();
      dispose();
      if (!ended) controller.abort(reason);
      await (await source()).cancel(reason).catch(() => {});
    },
  };
  // Where each byte that is read takes twice the CPU time of one that is passed on, and that is
  // limited and paid for. The runtime ends what breaks off before its length in an error, too.
  if (isWorkerd()) offerStream(reader, () => opening ? undefined : stream as ReadableStream<Bytes>);
  return reader;
}

/** A BYOB reader, or what comes closest to it. */
export interface Source {
  /** Reads `min` bytes at least, where that is supported; empty where `done`. */
  read(view: Bytes, options: { min: number }): Promise<{ value?: Bytes; done: boolean }>;
  /** Lets go of the stream, whose reads fail. */
  releaseLock?(): void;
  /** Lets the stream end. */
  cancel(reason: unknown): Promise<void>;
}

async function opened(stream: ReadableStream<Uint8Array>): Promise<Source> {
  try {
    return stream.getReader({ mode: "byob" }) as unknown as Source;
  } catch {
    return (await import("./chunks.ts")).chunks(stream.getReader());
  }
}
