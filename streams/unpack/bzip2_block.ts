/**
 * One block of bzip2: Huffman codes of a list of moves to the front, of which the Burrows-Wheeler transform
 * is undone. The format has no specification but the library (https://sourceware.org/bzip2/).
 *
 * @module
 */
import type { BitReader } from "./bit_reader.ts";

/** How many symbols in a row are of one table. */
const GROUP = 50;

/** The longest code of a symbol, in bits. */
const MAX_LENGTH = 20;

/** The size of the chunks of unpacked bytes. */
const CHUNK = 262_144;

/** A table of Huffman codes. */
interface CodeTable {
  /** The least code above those of each length, as 20 bits. */
  limits: Uint32Array;
  /** What is added to a code of each length to have its place among the symbols. */
  offsets: Int32Array;
  /** The symbols in the order of their codes. */
  symbols: Uint16Array;
  /** The shortest length. */
  shortest: number;
}

/** Creates the error of data that is not as it must be. */
type Fail = (reason: string) => Error;

/**
 * Unpacks one block, behind its magic number and its CRC.
 *
 * @param bits The bits; all of the block must be in the window.
 * @param vector Room for the symbols of the block. Its length is the most that the block may have.
 * @param fail Creates the error of data that is corrupt.
 * @returns The unpacked bytes. Each chunk is lent until the next one is requested.
 */
export function* unpackBlock(
  bits: BitReader,
  vector: Uint32Array,
  fail: Fail,
): Generator<Uint8Array> {
  if (bits.read(1) === 1) throw fail("it has a block of before version 0.9.5");
  const origin = bits.read(24);
  const length = readVector(bits, vector, fail);
  if (bits.isPastEnd || origin >= length) throw fail("a block begins outside of itself");
  yield* expandRuns(vector, length, origin);
}

/** Reads the symbols of a block, and links each to the one that follows it. Returns how many there are. */
function readVector(bits: BitReader, vector: Uint32Array, fail: Fail): number {
  const bytes = readBytesInUse(bits);
  const end = bytes.length + 1;
  const tableCount = bits.read(3);
  const selectorCount = bits.read(15);
  if (bytes.length === 0 || tableCount < 2 || tableCount > 6 || selectorCount === 0) {
    throw fail("the head of a block has values that are not allowed");
  }
  const selectors = readSelectors(bits, selectorCount, tableCount, fail);
  const tables = Array.from({ length: tableCount }, () => readTable(bits, end + 1, fail));
  const counts = new Uint32Array(256);
  let [length, run, weight] = [0, 0, 1];
  for (const selector of selectors) {
    const { limits, offsets, symbols, shortest } = tables[selector]!;
    for (let left = GROUP; left > 0; left--) {
      const code = bits.peek(MAX_LENGTH);
      let size = shortest;
      while (code >= limits[size]!) size++;
      bits.skip(size);
      const place = (code >>> (MAX_LENGTH - size)) + offsets[size]!;
      if (size > MAX_LENGTH || place >= symbols.length) throw fail("a code means nothing");
      const symbol = symbols[place]!;
      if (symbol < 2) {
        // A number in base 2, with the digits 1 and 2.
        run += weight << symbol;
        weight <<= 1;
        if (length + run > vector.length) throw fail("a block is too long");
        continue;
      }
      if (run > 0) {
        vector.fill(bytes[0]!, length, length + run);
        counts[bytes[0]!]! += run;
        length += run;
        [run, weight] = [0, 1];
      }
      if (symbol === end) {
        link(vector, length, counts);
        return length;
      }
      if (length === vector.length) throw fail("a block is too long");
      const byte = bytes[symbol - 1]!;
      for (let at = symbol - 1; at > 0; at--) bytes[at] = bytes[at - 1]!;
      bytes[0] = byte;
      counts[byte]!++;
      vector[length++] = byte;
    }
  }
  throw fail("a block has no end");
}

/** Reads which bytes a block has. */
function readBytesInUse(bits: BitReader): Uint8Array {
  const bytes: number[] = [];
  const sixteens = bits.read(16);
  for (let high = 0; high < 16; high++) {
    if ((sixteens & 0x8000 >> high) === 0) continue;
    const ones = bits.read(16);
    for (let low = 0; low < 16; low++) if (ones & 0x8000 >> low) bytes.push(high * 16 + low);
  }
  return Uint8Array.from(bytes);
}

/** Reads which table each group of symbols has. */
function readSelectors(bits: BitReader, count: number, tables: number, fail: Fail): Uint8Array {
  const order = Array.from({ length: tables }, (_, index) => index);
  const selectors = new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    let at = 0;
    while (bits.read(1) === 1) {
      if (++at === tables) throw fail("it names a table that is not there");
    }
    order.unshift(...order.splice(at, 1));
    selectors[index] = order[0]!;
  }
  return selectors;
}

/** Reads a table, which is the list of the lengths of its codes. */
function readTable(bits: BitReader, count: number, fail: Fail): CodeTable {
  const lengths = new Uint8Array(count);
  let length = bits.read(5);
  for (let symbol = 0; symbol < count; symbol++) {
    for (;;) {
      if (length < 1 || length > MAX_LENGTH) throw fail("a code has a length that is not allowed");
      if (bits.read(1) === 0) break;
      length += bits.read(1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
  }
  // Behind the longest code, one that is above all others ends the search.
  const limits = new Uint32Array(MAX_LENGTH + 2).fill(2 ** 32 - 1);
  const offsets = new Int32Array(MAX_LENGTH + 2);
  const symbols = new Uint16Array(count);
  let [code, place] = [0, 0];
  for (let size = 1; size <= MAX_LENGTH; size++) {
    offsets[size] = place - code;
    for (let symbol = 0; symbol < count; symbol++) {
      if (lengths[symbol] !== size) continue;
      symbols[place++] = symbol;
      code++;
    }
    if (code > 2 ** size) throw fail("there are more codes than fit their lengths");
    limits[size] = code << (MAX_LENGTH - size);
    code <<= 1;
  }
  return { limits, offsets, symbols, shortest: Math.min(...lengths) };
}

/** Links each symbol to the one that follows it in the text: its place is in the upper 24 bits. */
function link(vector: Uint32Array, length: number, counts: Uint32Array): void {
  let sum = 0;
  const places = counts.map((count) => (sum += count) - count);
  for (let at = 0; at < length; at++) {
    const byte = vector[at]! & 255;
    vector[places[byte]!++]! |= at << 8;
  }
}

/** Yields the text, in which four equal bytes are followed by the number of more of them. */
function* expandRuns(
  vector: Uint32Array,
  length: number,
  origin: number,
): Generator<Uint8Array> {
  const chunk = new Uint8Array(CHUNK + 256);
  let [filled, last, same] = [0, -1, 0];
  let entry = vector[origin]!;
  for (let left = length; left > 0; left--) {
    entry = vector[entry >>> 8]!;
    const byte = entry & 255;
    if (same === 4) {
      chunk.fill(last, filled, filled + byte);
      filled += byte;
      [last, same] = [-1, 0];
    } else {
      same = byte === last ? same + 1 : 1;
      last = byte;
      chunk[filled++] = byte;
    }
    if (filled >= CHUNK) {
      yield chunk.subarray(0, filled);
      filled = 0;
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}
