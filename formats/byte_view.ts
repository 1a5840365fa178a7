/**
 * Numbers and text at fixed places of a header.
 *
 * @module
 */

/** Has a character for every byte, and those of ASCII at their place. */
const ONE_BYTE = new TextDecoder("windows-1252");

/** The bytes that are white space there: from tab to carriage return, blank, and the blank of no break. */
const SPACE: readonly number[] = [9, 10, 11, 12, 13, 32, 160];

/** A view over bytes of an image, in which what lies after the end reads as zero. */
export class ByteView {
  /** The bytes. */
  readonly bytes: Uint8Array;

  /**
   * Creates a view; the bytes are not copied.
   *
   * @param bytes The bytes to look at.
   */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Number of bytes. */
  get length(): number {
    return this.bytes.length;
  }

  /**
   * Returns the byte at an offset.
   *
   * @param at The offset.
   * @returns The byte; 0 after the end.
   */
  u8(at: number): number {
    return this.bytes[at] ?? 0;
  }

  /**
   * Returns a 16-bit number, least significant byte first.
   *
   * @param at The offset.
   * @returns The number.
   */
  u16le(at: number): number {
    return this.u8(at) | this.u8(at + 1) << 8;
  }

  /**
   * Returns a 16-bit number, most significant byte first.
   *
   * @param at The offset.
   * @returns The number.
   */
  u16be(at: number): number {
    return this.u8(at) << 8 | this.u8(at + 1);
  }

  /**
   * Returns a 32-bit number, least significant byte first.
   *
   * @param at The offset.
   * @returns The number.
   */
  u32le(at: number): number {
    return (this.u16le(at) | this.u16le(at + 2) << 16) >>> 0;
  }

  /**
   * Returns a 32-bit number, most significant byte first.
   *
   * @param at The offset.
   * @returns The number.
   */
  u32be(at: number): number {
    return (this.u16be(at) << 16 | this.u16be(at + 2)) >>> 0;
  }

  /**
   * Returns a 64-bit number, least significant byte first.
   *
   * @param at The offset.
   * @returns The number.
   */
  u64le(at: number): bigint {
    return BigInt(this.u32le(at)) | BigInt(this.u32le(at + 4)) << 32n;
  }

  /**
   * Returns a 64-bit number, most significant byte first.
   *
   * @param at The offset.
   * @returns The number.
   */
  u64be(at: number): bigint {
    return BigInt(this.u32be(at)) << 32n | BigInt(this.u32be(at + 4));
  }

  /**
   * Returns whether a signature stands at an offset.
   *
   * @param at The offset.
   * @param signature The signature, one character a byte.
   * @returns Whether all of it is there.
   */
  has(at: number, signature: string): boolean {
    for (let i = 0; i < signature.length; i++) {
      if (this.bytes[at + i] !== signature.charCodeAt(i)) return false;
    }
    return true;
  }

  /**
   * Returns text, one character a byte, whatever its encoding: only ASCII is what it looks like.
   *
   * @param at The offset.
   * @param length The most bytes to take.
   * @returns The text, shorter at the end of the bytes.
   */
  text(at: number, length: number): string {
    return ONE_BYTE.decode(this.bytes.subarray(at, at + length));
  }

  /**
   * Returns a name: UTF-8 that ends with the first NUL.
   *
   * @param at The offset.
   * @param length The most bytes to take.
   * @returns The name.
   */
  name(at: number, length: number): string {
    const bytes = this.bytes.subarray(at, at + length);
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  }

  /**
   * Finds the first byte that is no white space in text of one character a byte. It takes no time to speak of,
   * while decoding text is a call of the runtime.
   *
   * @param at The offset to begin at.
   * @param end The offset to end before.
   * @returns The offset of the byte, or `end` if there is none.
   */
  skipSpace(at: number, end: number): number {
    while (at < end && SPACE.includes(this.u8(at))) at++;
    return at;
  }

  /**
   * Returns whether bytes are all zero.
   *
   * @param at The offset of the first.
   * @param length How many.
   * @returns Whether none of them is set.
   */
  isZero(at: number, length: number): boolean {
    return this.bytes.subarray(at, at + length).every((byte) => byte === 0);
  }
}
