/**
 * The body of a response, as a reader: with a timeout, and checked against the announced length.
 *
 * @module
 */
import { RemoteServiceUnavailable, TimeoutError } from "../errors/mod.ts";
import { isWorkerd } from "../runtime/mod.ts";
import { abortable } from "../streams/abort.ts";
import type { ByteReader, Bytes } from "../streams/bytes.ts";
import { offerStream } from "../streams/passthrough.ts";

/** What a body is read with. */
export interface BodyOptions {
  /** How long to wait for the next byte, in milliseconds. */
  idle: number;
  /** Ends the request. The body aborts it if it is not read to its end. */
  controller: AbortController;
  /** Called when the body is closed. */
  dispose: () => void;
}

/** A BYOB reader, or what comes closest to it. */
interface BodySource {
  /** Reads at least `min` bytes if that is supported; returns no bytes if `done`. */
  read(view: Bytes, options: { min: number }): Promise<{ value?: Bytes; done: boolean }>;
  /** Ends the stream. */
  cancel(reason: unknown): Promise<void>;
}

/**
 * Returns a reader of a body. A timer runs during each read.
 *
 * One `min` read of the whole view is the fastest way to fill it, but it reports nothing before it is
 * done. So it is used for as many bytes as arrive within 1/16 of the idle timeout at the current rate, so
 * that a slow stream does not trip the timer.
 *
 * @param stream The body.
 * @param length The announced length in bytes, if there is one.
 * @param options The timeout and what to end.
 * @returns The reader.
 */
export function bodyReader(
  stream: ReadableStream<Uint8Array>,
  length: number | undefined,
  { idle, controller, dispose }: BodyOptions,
): ByteReader {
  let opened: BodySource | undefined;
  const source = () => opened ??= openBody(stream);
  const abort = abortable(controller.signal);
  /** As many bytes may be waited for at once. */
  let min = 1;
  let count = 0;
  let ended = false;
  let closed = false;

  async function readPiece(view: Bytes): Promise<{ value?: Bytes; done: boolean }> {
    const started = Date.now();
    const timer = setTimeout(() => {
      controller.abort(new TimeoutError(`the server sent nothing for ${idle} ms`));
    }, idle);
    try {
      const atLeast = length === undefined ? 1 : Math.min(view.length, min);
      const result = await abort.race(source().read(view, { min: atLeast }));
      const received = result.value?.length ?? 0;
      const rate = received / Math.max(1, Date.now() - started);
      // A burst says little about the rate that follows, and a full view says nothing.
      const more = received < view.length ? 2 * received : Math.max(2 * received, min);
      min = Math.max(1, Math.min(more, Math.floor(rate * idle / 16)));
      return result;
    } catch (error) {
      throw (await import("./errors.ts")).connectionError(error, controller.signal);
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
        // A stream that ends with less than `min` queued would fail instead of returning it.
        const size = Math.min(wanted - filled, left);
        const { value, done } = await readPiece(new Uint8Array(buffer, start + filled, size));
        if (value !== undefined) {
          buffer = value.buffer;
          filled += value.length;
        }
        ended = done;
        // A connection can be used again only if the end of its body was seen.
        if (count + filled === length) ({ done: ended } = await readPiece(new Uint8Array(1)));
      }
      count += filled;
      if (ended && count < (length ?? 0)) {
        throw new RemoteServiceUnavailable(`the response ended after ${count} of ${length} bytes`);
      }
      return new Uint8Array(buffer, start, filled);
    },
    async close(reason) {
      if (closed) return;
      closed = true;
      abort.dispose();
      dispose();
      if (!ended) controller.abort(reason);
      await source().cancel(reason).catch(() => {});
    },
  };
  // workerd itself fails a body that breaks off before its length.
  if (isWorkerd()) offerStream(reader, () => opened ? undefined : stream as ReadableStream<Bytes>);
  return reader;
}

function openBody(stream: ReadableStream<Uint8Array>): BodySource {
  try {
    return stream.getReader({ mode: "byob" }) as unknown as BodySource;
  } catch {
    return chunkSource(stream.getReader());
  }
}

/** A stream of chunks, read into views like a stream of bytes. */
function chunkSource(reader: ReadableStreamDefaultReader<Uint8Array>): BodySource {
  let rest: Uint8Array = new Uint8Array();
  let done = false;
  return {
    async read(view) {
      while (rest.length === 0 && !done) {
        const result = await reader.read();
        ({ done } = result);
        rest = result.value ?? rest;
      }
      const value = view.subarray(0, rest.length);
      value.set(rest.subarray(0, value.length));
      rest = rest.subarray(value.length);
      return { value, done };
    },
    cancel: (reason) => reader.cancel(reason),
  };
}
