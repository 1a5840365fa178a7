/**
 * Reads that survive a broken connection. What happens after a break is in `resume.ts`, which is loaded by
 * the first break.
 *
 * @module
 */
import type { ImageReader } from "../store/driver.ts";
import type { ByteRange, Bytes } from "../streams/mod.ts";
import { offerStream, takeStream } from "../streams/passthrough.ts";
import {
  checkPiece,
  type OpenBody,
  type OpenedBody,
  type ReadState,
  type ResumeOptions,
} from "./read_state.ts";
import type { Resumption } from "./resume.ts";

/**
 * Opens a range for reading. If its body breaks, the rest is opened again after a wait. The bytes are
 * those of one representation, or the read fails with `ImageChanged`. Every byte that arrives resets
 * the number of retries.
 *
 * @param open Opens a range.
 * @param range The range to read.
 * @param options How often and how long to retry, and a signal that ends the waits.
 * @returns A reader of the range.
 *
 * @example A body that breaks once
 * ```ts
 * import { openSource } from "@vitrine/vitrine";
 * import { resumingReader } from "./mod.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const data = new TextEncoder().encode("hello");
 * let opened = 0;
 * const reader = await resumingReader(({ offset }) => {
 *   const { reader: body } = openSource(data.subarray(offset, opened++ === 0 ? 2 : 5));
 *   return Promise.resolve({ body, size: 5 - offset, total: 5, etag: '"1"', validator: '"1"' });
 * }, { offset: 0, length: undefined }, { minDelay: 0 });
 * assertEquals(await reader.read(new Uint8Array(8)), data);
 * ```
 */
export async function resumingReader(
  open: OpenBody,
  range: ByteRange,
  options: ResumeOptions = {},
): Promise<ImageReader> {
  const first = await open(range, undefined);
  const reader = new ResumingReader(open, range, first, options);
  offerStream(reader, () => takeStream(first.body));
  return reader;
}

class ResumingReader implements ImageReader {
  readonly size: number | undefined;
  readonly total: number | undefined;
  readonly etag: string | undefined;
  readonly modified: Date | undefined;
  readonly #state: ReadState;
  readonly #resume: () => Promise<Resumption>;
  #resumption: Promise<Resumption> | undefined;

  constructor(open: OpenBody, range: ByteRange, first: OpenedBody, options: ResumeOptions) {
    const { size, total, etag, modified, body, validator } = first;
    this.size = size;
    this.total = total;
    this.etag = etag;
    this.modified = modified;
    const state: ReadState = {
      body,
      end: size,
      count: 0,
      validator,
      hasProgressed: true,
      isClosed: false,
    };
    this.#state = state;
    this.#resume = async () => {
      const { Resumption } = await import("./resume.ts");
      return new Resumption(open, { ...range, total }, state, options);
    };
  }

  async read(view: Bytes): Promise<Bytes> {
    const { byteOffset, byteLength } = view;
    const capacity = view.buffer.byteLength;
    const state = this.#state;
    if (state.count === state.end) return view.subarray(0, 0);
    let chunk: Bytes;
    try {
      chunk = checkPiece(await state.body.read(view), byteLength, state.count, state.end);
      state.hasProgressed = true;
    } catch (error) {
      const resumption = await (this.#resumption ??= this.#resume());
      // The buffer may have been transferred into the read that failed.
      const fresh = new Uint8Array(new ArrayBuffer(capacity), byteOffset, byteLength);
      chunk = await resumption.fill(fresh, error);
    }
    state.count += chunk.length;
    return chunk;
  }

  async close(reason?: unknown): Promise<void> {
    this.#state.isClosed = true;
    await this.#state.body.close(reason);
  }
}
