/**
 * Cyclic redundancy checks, eight bytes at a step: CRC-32C (RFC 3720, appendix B.4) and CRC-64/NVME
 * (NVM Express NVM Command Set Specification, section 5.2.1.3.4). Own code, since libraries have
 * either the one or the other, or WebAssembly that an edge runtime refuses to compile.
 *
 * @module
 */

/** A kind of CRC: the reflected polynomial as two words, and the width in bytes. */
export interface CrcKind {
  readonly low: number;
  readonly high: number;
  readonly width: 4 | 8;
}

/** CRC-32C. */
export const CRC32C: CrcKind = { low: 0x82f63b78, high: 0, width: 4 };
/** CRC-64/NVME. */
export const CRC64NVME: CrcKind = { low: 0xac4bc9b5, high: 0x9a6c9329, width: 8 };

const tables = new WeakMap<CrcKind, readonly [Int32Array, Int32Array]>();

/** For each of eight bytes at a step, what its value adds: the low words and the high ones. */
function tablesOf(kind: CrcKind): readonly [Int32Array, Int32Array] {
  const known = tables.get(kind);
  if (known) return known;
  const low = new Int32Array(8 * 256);
  const high = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let [lo, hi] = [byte, 0];
    for (let bit = 0; bit < 8; bit++) {
      const odd = lo & 1;
      lo = (lo >>> 1) | (hi << 31);
      hi >>>= 1;
      if (odd) [lo, hi] = [lo ^ kind.low, hi ^ kind.high];
    }
    [low[byte], high[byte]] = [lo, hi];
  }
  for (let at = 256; at < low.length; at++) {
    const [lo, hi] = [low[at - 256]!, high[at - 256]!];
    low[at] = ((lo >>> 8) | (hi << 24)) ^ low[lo & 255]!;
    high[at] = (hi >>> 8) ^ high[lo & 255]!;
  }
  const made = [low, high] as const;
  tables.set(kind, made);
  return made;
}

/** The CRC of all that it is given. */
export class Crc {
  readonly #kind: CrcKind;
  #low = -1;
  #high: number;

  /**
   * Starts a CRC.
   *
   * @param kind The polynomial and the width.
   */
  constructor(kind: CrcKind) {
    this.#kind = kind;
    this.#high = kind.width === 8 ? -1 : 0;
  }

  /**
   * Takes the next bytes.
   *
   * @param bytes Any number of them. They are not kept.
   */
  update(bytes: Uint8Array): void {
    const [tl, th] = tablesOf(this.#kind);
    let [lo, hi] = [this.#low, this.#high];
    let at = 0;
    for (const end = bytes.length - 7; at < end; at += 8) {
      lo ^= bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24;
      hi ^= bytes[at + 4]! | bytes[at + 5]! << 8 | bytes[at + 6]! << 16 | bytes[at + 7]! << 24;
      const i0 = 1792 + (lo & 255);
      const i1 = 1536 + (lo >>> 8 & 255);
      const i2 = 1280 + (lo >>> 16 & 255);
      const i3 = 1024 + (lo >>> 24);
      const i4 = 768 + (hi & 255);
      const i5 = 512 + (hi >>> 8 & 255);
      const i6 = 256 + (hi >>> 16 & 255);
      const i7 = hi >>> 24;
      lo = tl[i0]! ^ tl[i1]! ^ tl[i2]! ^ tl[i3]! ^ tl[i4]! ^ tl[i5]! ^ tl[i6]! ^ tl[i7]!;
      hi = th[i0]! ^ th[i1]! ^ th[i2]! ^ th[i3]! ^ th[i4]! ^ th[i5]! ^ th[i6]! ^ th[i7]!;
    }
    for (; at < bytes.length; at++) {
      const index = (lo ^ bytes[at]!) & 255;
      lo = ((lo >>> 8) | (hi << 24)) ^ tl[index]!;
      hi = (hi >>> 8) ^ th[index]!;
    }
    [this.#low, this.#high] = [lo, hi];
  }

  /**
   * Returns the CRC of all bytes so far.
   *
   * @returns 4 or 8 bytes, the highest first.
   */
  digest(): Uint8Array<ArrayBuffer> {
    const view = new DataView(new ArrayBuffer(this.#kind.width));
    if (this.#kind.width === 8) view.setInt32(0, ~this.#high);
    view.setInt32(this.#kind.width - 4, ~this.#low);
    return new Uint8Array(view.buffer);
  }
}
