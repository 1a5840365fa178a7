/**
 * The body of an answer: pulled, timed and counted.
 *
 * @module
 */
import { RemoteServiceUnavailable, TimeoutError } from "../errors/mod.ts";
import { abortable } from "../streams/abort.ts";
import type { ByteReader, Bytes } from "../streams/bytes.ts";
import { offerStream } from "../streams/passing.ts";
import { isWorkerd } from "../runtime/workerd.ts";

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
 * waits. A view is filled by one `min` read, the fastest there is, if that will be done long before the
 * time is up, as it says nothing until then; else by what comes as it comes.
 */
export function timedBody(
  stream: ReadableStream<Uint8Array>,
  length: number | undefined,
  { idle, controller, dispose }: BodyOptions,
): ByteReader {
  let opening: Promise<Source> | undefined;
  const source = () => opening ??= opened(stream);
  const abort = abortable(controller.signal);
  // So many bytes may be waited for in one go.
  let soon = 1;
  let count = 0;
  let ended = false;
  let closed = false;

  /** The next bytes: as many as the view has, or the first of them. */
  async function piece(view: Bytes): Promise<{ value?: Bytes; done: boolean }> {
    const began = Date.now();
    const timer = setTimeout(() => {
      controller.abort(new TimeoutError(`the server sent nothing for ${idle} ms`));
    }, idle);
    try {
      const reader = await source();
      const min = length === undefined ? 1 : Math.min(view.length, soon);
      const result = await abort.race(reader.read(view, { min }));
      const got = result.value?.length ?? 0;
      const rate = got / Math.max(1, Date.now() - began);
      // A burst tells little of what follows it, and a full view nothing.
      const more = got < view.length ? 2 * got : Math.max(2 * got, soon);
      soon = Math.max(1, Math.min(more, Math.floor(rate * idle / 16)));
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
        const size = Math.min(wanted - filled, left);
        const { value, done } = await piece(new Uint8Array(buffer, start + filled, size));
        if (value !== undefined) {
          buffer = value.buffer;
          filled += value.length;
        }
        ended = done;
        // Only a body whose end was seen gives its connection back.
        if (count + filled === length) ({ done: ended } = await piece(new Uint8Array(1)));
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
