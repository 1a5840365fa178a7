/**
 * The `WritableStream` face of `add`.
 *
 * @module
 */
import type { AddResult } from "./operations.ts";

/**
 * A stream that adds an image: the image appears when the stream is closed, and not at all when it
 * is aborted.
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
  constructor(add: (data: ReadableStream<Uint8Array>) => Promise<AddResult>) {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    writer.closed.catch(() => {});
    const result = add(readable);
    result.catch(() => {});
    super({
      write: (chunk) => writer.write(chunk),
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
