/**
 * Judges an image while its bytes pass by.
 *
 * @module
 */
import { Examiner, type Wanted } from "./examiner.ts";
import { HEAD_SIZE, TAIL_SIZE } from "./format.ts";
import type { Finding, ImageInspection } from "./inspection.ts";

/** Room for the last bytes of the image, of which only {@linkcode TAIL_SIZE} count. */
const TAIL_ROOM = 8 * TAIL_SIZE;

/** A region that is being gathered. */
interface Gathering {
  wanted: Wanted;
  bytes: Uint8Array;
  filled: number;
}

/**
 * A `FormatInspector` watches a transfer chunk by chunk and says at the end what the image is.
 *
 * It copies only the bytes that matter, at most 512 KiB, and its verdict does not depend on how the
 * image was cut into chunks.
 *
 * @example Judge an upload on its way
 * ```ts
 * import { FormatInspector } from "@vitrine/vitrine/formats";
 * import { assertEquals } from "@std/assert";
 *
 * const inspector = new FormatInspector();
 * inspector.update(new TextEncoder().encode("PK\x03"));
 * inspector.update(new TextEncoder().encode("\x04..."));
 * const { format, safe } = inspector.end();
 * assertEquals([format, safe], ["zip", true]);
 * ```
 */
export class FormatInspector {
  #head: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #size = 0;
  #examiner: Examiner | undefined;
  readonly #gatherings: Set<Gathering> = new Set();
  /** The last bytes, and those before them that have not been thrown away yet. */
  #tail: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #tailLength = 0;
  #verdict: ImageInspection | undefined;

  /** Bytes of the image that are kept in memory now. */
  get kept(): number {
    let kept = this.#head.length + this.#tail.length;
    for (const { bytes } of this.#gatherings) kept += bytes.length;
    return kept;
  }

  /** What was found so far. An `unsafe` finding stays, so that a caller which refuses such images can stop here. */
  get findings(): Finding[] {
    return this.#verdict?.findings ?? this.#examiner?.findings ?? [];
  }

  /**
   * Looks at the next bytes of the image. It does not throw.
   *
   * @param chunk The bytes, of any number. They are not kept.
   */
  update(chunk: Uint8Array): void {
    if (!this.#examiner) this.#gatherHead(chunk);
    else this.#gather(chunk);
  }

  /**
   * Ends the inspection.
   *
   * @returns The verdict; the same one if it is called again.
   */
  end(): ImageInspection {
    if (this.#verdict) return this.#verdict;
    this.#examiner ??= new Examiner(this.#head.subarray(0, this.#size));
    while (this.#gatherings.size > 0) {
      for (const gathering of this.#gatherings) this.#give(gathering);
    }
    const last = this.#tail.length > 0
      ? this.#tail.subarray(0, this.#tailLength)
      : this.#head.subarray(0, this.#size);
    const tail = last.subarray(Math.max(0, last.length - TAIL_SIZE));
    this.#verdict = this.#examiner.end(tail, this.#size);
    this.#head = this.#tail = new Uint8Array(0);
    return this.#verdict;
  }

  /** Keeps the head, in memory that grows with a small image. */
  #gatherHead(chunk: Uint8Array): void {
    const part = chunk.subarray(0, HEAD_SIZE - this.#size);
    const needed = this.#size + part.length;
    if (needed > this.#head.length) {
      const larger = new Uint8Array(Math.min(HEAD_SIZE, Math.max(needed, this.#head.length * 2)));
      larger.set(this.#head.subarray(0, this.#size));
      this.#head = larger;
    }
    this.#head.set(part, this.#size);
    this.#size = needed;
    if (this.#size < HEAD_SIZE) return;
    this.#examiner = new Examiner(this.#head);
    this.#tail = new Uint8Array(TAIL_ROOM);
    this.#keepTail(this.#head);
    this.#look();
    this.#gather(chunk.subarray(part.length));
  }

  #gather(chunk: Uint8Array): void {
    let at = 0;
    while (this.#gatherings.size > 0 && at < chunk.length) {
      // No further than to where the first region ends, as what is wanted then may begin there.
      const ends = Array.from(this.#gatherings, ({ wanted }) => wanted.offset + wanted.length);
      const part = chunk.subarray(at, at + Math.min(...ends) - this.#size);
      for (const gathering of this.#gatherings) this.#fill(gathering, part);
      this.#size += part.length;
      at += part.length;
      for (const gathering of this.#gatherings) {
        if (gathering.filled === gathering.bytes.length) this.#give(gathering);
      }
    }
    this.#size += chunk.length - at;
    this.#keepTail(chunk);
  }

  /** Keeps the last bytes, and only moves them when there is no more room behind them. */
  #keepTail(chunk: Uint8Array): void {
    const part = chunk.length > TAIL_SIZE ? chunk.subarray(-TAIL_SIZE) : chunk;
    if (this.#tailLength + part.length > TAIL_ROOM) {
      this.#tail.copyWithin(0, this.#tailLength - TAIL_SIZE, this.#tailLength);
      this.#tailLength = TAIL_SIZE;
    }
    this.#tail.set(part, this.#tailLength);
    this.#tailLength += part.length;
  }

  /** Copies what a part, which begins at the present position, has of a region. */
  #fill(gathering: Gathering, part: Uint8Array): void {
    const from = gathering.wanted.offset + gathering.filled - this.#size;
    if (from >= part.length) return;
    const bytes = part.subarray(from, from + gathering.bytes.length - gathering.filled);
    gathering.bytes.set(bytes, gathering.filled);
    gathering.filled += bytes.length;
  }

  #give(gathering: Gathering): void {
    this.#gatherings.delete(gathering);
    gathering.wanted.give(gathering.bytes.subarray(0, gathering.filled));
    this.#look();
  }

  /** Begins to gather the regions that are newly wanted. */
  #look(): void {
    const known = new Set(Array.from(this.#gatherings, ({ wanted }) => wanted));
    for (const wanted of this.#examiner!.wanted) {
      if (known.has(wanted)) continue;
      const bytes = new Uint8Array(wanted.length);
      const inHead = this.#head.subarray(wanted.offset);
      bytes.set(inHead);
      this.#gatherings.add({ wanted, bytes, filled: inHead.length });
    }
  }
}
