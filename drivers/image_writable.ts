/**
 * The `WritableStream` face of `add`.
 *
 * @module
 */
import type { AddResult } from "./operations.ts";

/**
 * A stream that adds an image: the image appears when the stream is closed, and not at all when it
 * is aborted. A chunk is lent until its `write` resolves.
 *
 * @example Piping into a store
 * ```ts
 * import { MemoryStore } from "@vitrine/vitrine/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new MemoryStore("scratch");
 * const writable = store.writable("a.img");
 * await new Blob(["hello"]).stream().pipeTo(writable);
 * assertEquals((await writable.result).size, 5);
 * ```
 */
export class ImageWritable extends WritableStream<Uint8Array> {
  /** What `add` resolves to, once the stream is closed. */
  readonly result: Promise<AddResult>;

  /** Starts an `add` of what will be written. */
  constructor(add: (data: AsyncIterable<Uint8Array>) => Promise<AddResult>) {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    writer.closed.catch(() => {});
    const reader = readable.getReader();
    // Who asks for the next chunk has done with the one before.
    let giveBack = () => {};
    const chunks: AsyncIterator<Uint8Array, undefined> = {
      next() {
        giveBack();
        return reader.read() as Promise<IteratorResult<Uint8Array, undefined>>;
      },
      async return(reason?: unknown) {
        giveBack();
        await reader.cancel(reason);
        return { done: true, value: undefined };
      },
    };
    const result = add({ [Symbol.asyncIterator]: () => chunks });
    result.catch(() => {});
    super({
      async write(chunk) {
        const given = new Promise<void>((resolve) => giveBack = resolve);
        await writer.write(chunk);
        await given;
      },
      async close() {
        await writer.close().catch(() => {});
        await result;
      },
      async abort(reason) {
        await writer.abort(reason);
        await result.catch(() => {});
      },
    });
    this.result = result;
  }
}
