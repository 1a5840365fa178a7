/**
 * Packed data as bits, the highest bit of a byte first.
 *
 * @module
 */
import type { PackedInput } from "./packed_input.ts";

/** How many bytes behind the last one may be looked at; they are zeros. */
const PADDING = 4;

/** Reads bits out of a window of packed data, which has to be filled before. */
export class BitReader {
  readonly #input: PackedInput;
  #window = new Uint8Array(PADDING);
  /** The number of bytes in the window. */
  #length = 0;
  /** The number of bits of the window that were read. */
  #position = 0;

  /**
   * Creates it. Nothing is read yet.
   *
   * @param input The packed data.
   */
  constructor(input: PackedInput) {
    this.#input = input;
  }

  /** Whether more bits were read than there are. Those behind the end are zeros. */
  get isPastEnd(): boolean {
    return this.#position > this.#length * 8;
  }

  /**
   * Fills the window, so that many bytes can be read without a wait.
   *
   * @param size How many bytes there must be, unless the data ends before.
   */
  async fill(size: number): Promise<void> {
    const start = this.#position >>> 3;
    const left = this.#window.subarray(start, this.#length);
    if (left.length >= size) return;
    const window = new Uint8Array(size + PADDING);
    window.set(left);
    let length = left.length;
    while (length < size) {
      const piece = await this.#input.next(size - length);
      if (piece.length === 0) break;
      window.set(piece, length);
      length += piece.length;
    }
    this.#window = window;
    this.#length = length;
    this.#position &= 7;
  }

  /**
   * Returns the next bits, without reading them.
   *
   * @param count How many, from 1 to 25.
   * @returns The bits as a number.
   */
  peek(count: number): number {
    const window = this.#window;
    const at = this.#position >>> 3;
    const word = window[at]! << 24 | window[at + 1]! << 16 | window[at + 2]! << 8 | window[at + 3]!;
    return word << (this.#position & 7) >>> (32 - count);
  }

  /**
   * Goes over bits.
   *
   * @param count How many.
   */
  skip(count: number): void {
    this.#position += count;
  }

  /**
   * Reads bits.
   *
   * @param count How many, from 1 to 25.
   * @returns The bits as a number.
   */
  read(count: number): number {
    const bits = this.peek(count);
    this.#position += count;
    return bits;
  }

  /** Gives the bytes of which no bit was read back to the packed data. */
  release(): void {
    const start = Math.min(this.#length, this.#position + 7 >>> 3);
    this.#input.giveBack(this.#window.subarray(start, this.#length));
    this.#length = this.#position = 0;
  }
}
