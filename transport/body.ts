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

/** The smallest piece that a body is read in, in bytes. */
const MIN_STEP = 65_536;

/** What a body is read under. */
export interface BodyOptions {
  /** How long to wait for the next bytes, in milliseconds. */
  idle: number;
  /** Ends the request; the body aborts it where it is not read to its end. */
  controller: AbortController;
  /** Called when the body is done with. */
  dispose: () => void;
}

/**
 * A reader over a body of `length` bytes, where that is known, with a timer that runs while somebody
 * waits. A read is one `min` read of the whole view, the fastest there is, which says nothing until
 * it is done; so the pieces begin small and grow only as the connection keeps up.
 */
export function timedBody(
  stream: ReadableStream<Uint8Array>,
  length: number | undefined,
  { idle, controller, dispose }: BodyOptions,
): ByteReader {
  let opening: ReturnType<typeof opened> | undefined;
  const source = () => opening ??= opened(stream);
  const abort = abortable(controller.signal);
  let step = MIN_STEP;
  let count = 0;
  let ended = false;
  let closed = false;

  /** The next bytes: as many as the view has, if that many are sure to come. */
  async function piece(view: Bytes, full: boolean): Promise<{ value?: Bytes; done: boolean }> {
    const began = Date.now();
    const timer = setTimeout(() => {
      controller.abort(new TimeoutError(`the server sent nothing for ${idle} ms`));
    }, idle);
    try {
      const reader = await source();
      const result = await abort.race(reader.read(view, full ? view.length : 1));
      step = Date.now() - began > idle / 16 ? MIN_STEP : step * 2;
      return result;
    } catch (error) {
      clearTimeout(timer);
      const { broken } = await import("./broken.ts");
      throw broken(error, controller.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  const reader: ByteReader = {
    async read(view) {
      const { byteOffset: start, byteLength: wanted } = view;
      let { buffer } = view;
      let filled = 0;
      while (filled < wanted && !ended) {
        const left = (length ?? Infinity) - count - filled;
        // A stream that ends with less than `min` queued would fail instead of giving it.
        const size = Math.min(step, wanted - filled, left);
        const next = new Uint8Array(buffer, start + filled, size);
        const { value, done } = await piece(next, length !== undefined);
        if (value !== undefined) {
          buffer = value.buffer;
          filled += value.length;
        }
        ended = done;
        // Only a body whose end was seen gives its connection back.
        if (count + filled === length) ({ done: ended } = await piece(new Uint8Array(1), true));
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
      await (await source()).close(reason).catch(() => {});
    },
  };
  // Where each byte that is read takes twice the CPU time of one that is passed on, and that is
  // limited and paid for. The runtime ends what breaks off before its length in an error, too.
  if (isWorkerd()) offerStream(reader, () => opening ? undefined : stream as ReadableStream<Bytes>);
  return reader;
}

/** A BYOB reader over the stream, or what comes closest to it. */
async function opened(stream: ReadableStream<Uint8Array>): Promise<{
  read(view: Bytes, min: number): Promise<{ value?: Bytes; done: boolean }>;
  close(reason: unknown): Promise<void>;
}> {
  try {
    const reader = stream.getReader({ mode: "byob" });
    return {
      read: (view, min) => reader.read(view, { min }) as Promise<{ value?: Bytes; done: boolean }>,
      close: (reason) => reader.cancel(reason),
    };
  } catch {
    const { streamReader } = await import("../streams/stream_reader.ts");
    const reader = streamReader(stream);
    return {
      async read(view) {
        const value = await reader.read(view);
        return { value, done: value.length < view.length };
      },
      close: (reason) => reader.close(reason),
    };
  }
}
