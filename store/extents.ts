/**
 * The parts of an image that are data and those that are holes.
 *
 * @module
 */
import type { Extent } from "./types.ts";

/** The most extents of one call, so that an image of many small parts takes no unbounded memory. */
const MAX_EXTENTS = 1024;

/**
 * Collects extents that follow one another. Neighbours of one kind become one.
 *
 * @example Data, and a hole of two parts
 * ```ts
 * import { ExtentList } from "./extents.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const list = new ExtentList(100, 300);
 * list.add("data", 50);
 * list.add("hole", 100);
 * list.add("hole", 1000);
 * assertEquals(list.extents, [
 *   { kind: "data", offset: 100, length: 50 },
 *   { kind: "hole", offset: 150, length: 250 },
 * ]);
 * ```
 */
export class ExtentList {
  /** The extents so far. */
  readonly extents: Extent[] = [];
  readonly #end: number;
  #at: number;

  /**
   * Begins a list.
   *
   * @param offset Where the range begins, in bytes.
   * @param length The number of bytes of the range.
   */
  constructor(offset: number, length: number) {
    this.#at = offset;
    this.#end = offset + length;
  }

  /** Where the next extent begins, in bytes. */
  get position(): number {
    return this.#at;
  }

  /** Whether the range is covered, or as many extents are there as one call returns. */
  get isFull(): boolean {
    return this.#at >= this.#end || this.extents.length >= MAX_EXTENTS;
  }

  /**
   * Adds what comes next.
   *
   * @param kind What it is.
   * @param length The number of bytes. What lies past the end of the range is cut off.
   */
  add(kind: Extent["kind"], length: number): void {
    const added = Math.min(length, this.#end - this.#at);
    if (added <= 0) return;
    const last = this.extents.at(-1);
    if (last?.kind === kind) last.length += added;
    else this.extents.push({ kind, offset: this.#at, length: added });
    this.#at += added;
  }
}
