/**
 * The `WritableStream` face of `add`.
 *
 * @module
 */
import type { AddResult } from "./types.ts";

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

  /**
   * Starts an `add` of what will be written.
   *
   * @param add Adds an image whose bytes are those of the stream that it is called with.
   */
  constructor(add: (data: ReadableStream<Uint8Array>) => Promise<AddResult>) {
    let source!: ReadableStreamDefaultController<Uint8Array>;
    let ended = false;
    let giveBack: (end?: unknown) => void = () => {};
    const readable = new ReadableStream<Uint8Array>({
      start: (controller) => void (source = controller),
      // A consumer that requests the next chunk does not need the last one any more.
      pull: () => giveBack(),
      cancel() {
        ended = true;
        giveBack(result);
      },
    }, { highWaterMark: 0 });
    const result = add(readable);
    result.catch(() => {});
    super({
      async write(chunk) {
        if (ended) await result;
        source.enqueue(chunk);
        await new Promise((resolve) => giveBack = resolve);
      },
      async close() {
        if (!ended) source.close();
        await result;
      },
      async abort(reason) {
        source.error(reason);
        await result.catch(() => {});
      },
    });
    this.result = result;
  }
}
