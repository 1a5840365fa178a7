/**
 * Writing an image: several writes under way at once, over buffers that go round.
 *
 * @module
 */
import { abortable } from "../../streams/abort.ts";
import type { Bytes } from "../../streams/mod.ts";
import type { ImageWriter } from "../../store/driver.ts";
import type { ImageFacts } from "../../store/types.ts";
import { countData, dataRuns } from "../shared/sparse.ts";
import type { RbdLocation } from "./location.ts";
import { metadataOf } from "./image_meta.ts";
import type { NewImage } from "./new_image.ts";

/** Writes under way at once; more gain nothing. */
const DEPTH = 4;
/** Bytes by which an image of unknown size grows: as many as it has, within these. */
const [LEAST_GROWTH, MOST_GROWTH] = [64 * 1024 ** 2, 8 * 1024 ** 3];

/** How an image is written. */
export interface WriterOptions {
  /** Size in bytes that the image was made with, where known. */
  size: number | undefined;
  /** Runs of so many zero bytes are left out. */
  hole: number | undefined;
  /** Ends the writing. */
  signal: AbortSignal | undefined;
}

/** Writes an image, and publishes it. */
export class RbdWriter implements ImageWriter<RbdLocation> {
  /** Where the image will be. */
  readonly location: RbdLocation;
  readonly #image: NewImage;
  readonly #options: WriterOptions;
  readonly #free: ArrayBuffer[] = Array.from({ length: DEPTH }, () => new ArrayBuffer(0));
  readonly #writes = new Set<Promise<void>>();
  readonly #failures: unknown[] = [];
  readonly #abort: ReturnType<typeof abortable>;
  /** Bytes that were given, and that the image has room for. */
  #length = 0;
  #room: number;

  /** Writes to an image that was made for it. */
  constructor(location: RbdLocation, image: NewImage, options: WriterOptions) {
    this.location = location;
    this.#image = image;
    this.#options = options;
    this.#room = options.size ?? 0;
    this.#abort = abortable(options.signal);
  }

  /** Counts what is written of a chunk, but for the zeros that are left out. */
  countData(chunk: Uint8Array): number {
    const { hole } = this.#options;
    return hole === undefined ? chunk.length : countData(chunk, hole);
  }

  /** Takes the next chunk; resolves once it is copied, and throws what an earlier one met. */
  async write(chunk: Bytes): Promise<void> {
    const start = this.#length;
    this.#length += chunk.length;
    if (this.#length > this.#room) {
      const growth = Math.min(Math.max(this.#room, LEAST_GROWTH), MOST_GROWTH);
      this.#room += growth;
      await this.#abort.race(this.#image.image.resize(this.#room));
    }
    const { hole } = this.#options;
    const runs = hole === undefined ? [[0, chunk.length] as const] : dataRuns(chunk, hole);
    for (const [from, to] of runs) {
      const buffer = await this.#buffer(to - from);
      // What is lent is the caller's again soon; a copy takes half a millisecond.
      const copy = new Uint8Array(buffer, 0, to - from);
      copy.set(chunk.subarray(from, to));
      const write = this.#image.image.write(start + from, copy)
        .catch((error) => void this.#failures.push(error))
        .finally(() => {
          this.#writes.delete(write);
          this.#free.push(buffer);
        });
      this.#writes.add(write);
    }
  }

  async #buffer(length: number): Promise<ArrayBuffer> {
    while (this.#free.length === 0) await this.#abort.race(Promise.race(this.#writes));
    if (this.#failures.length > 0) throw this.#failures[0];
    const buffer = this.#free.pop()!;
    return buffer.byteLength >= length ? buffer : new ArrayBuffer(length);
  }

  /** Makes the image visible. */
  async commit(image: ImageFacts): Promise<void> {
    await this.#abort.race(Promise.all(this.#writes));
    if (this.#failures.length > 0) throw this.#failures[0];
    await this.#abort.race(this.#image.image.flush());
    if (this.#room !== this.#length) {
      await this.#abort.race(this.#image.image.resize(this.#length));
    }
    await this.#image.publish(metadataOf(image));
    this.#abort.dispose();
  }

  /** Removes what was written. */
  async abort(): Promise<void> {
    this.#abort.dispose();
    await this.#image.discard();
  }
}
