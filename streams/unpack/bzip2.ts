/**
 * bzip2: several streams one after another, and zeros after the last. Own code: docs/dependencies.md has the
 * libraries that were tried.
 *
 * @module
 */
import { BitReader } from "./bit_reader.ts";
import { unpackBlock } from "./bzip2_block.ts";
import type { PackedInput } from "./packed_input.ts";

/** What a block begins with, and what the end of a stream begins with: the digits of pi, and of its root. */
const BLOCK = [0x314159, 0x265359] as const, END = [0x177245, 0x385090] as const;

/** The size of a block for each level, in bytes. */
const LEVEL = 100_000;

/** What a block has beside its symbols, at most: 6 tables, and 32,767 selectors of 6 bits. */
const HEAD = 32_768;

/** For each byte, what it adds to a CRC-32 whose highest bit comes first. */
const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? crc << 1 ^ 0x04c11db7 : crc << 1;
  return crc;
});

/**
 * Unpacks bzip2.
 *
 * @param input The packed bytes.
 * @returns The unpacked bytes.
 * @throws {Invalid} If they are cut off, corrupt, or followed by other bytes.
 */
export async function* unbzip2(input: PackedInput): AsyncGenerator<Uint8Array> {
  do yield* unpackStream(input); while (!await input.isAtEndBut(0x42));
}

async function* unpackStream(input: PackedInput): AsyncGenerator<Uint8Array> {
  const [b, z, h, digit] = await input.exactly(4);
  const level = digit! - 0x30;
  if (b !== 0x42 || z !== 0x5a || h !== 0x68 || level < 1 || level > 9) {
    throw input.corrupt("it has no bzip2 header");
  }
  const vector = new Uint32Array(level * LEVEL);
  const bits = new BitReader(input);
  const fail = (reason: string) => bits.isPastEnd ? input.truncated() : input.corrupt(reason);
  const readCrc = () => bits.read(16) << 16 | bits.read(16);
  for (let combined = 0;;) {
    // No symbol takes more than 20 bits.
    await bits.fill(vector.length / 8 * 20 + HEAD);
    const magic = [bits.read(24), bits.read(24)];
    const expected = readCrc();
    if (magic[0] === END[0] && magic[1] === END[1]) {
      if (bits.isPastEnd || expected !== combined) throw fail("its CRC-32 does not match");
      bits.release();
      return;
    }
    if (magic[0] !== BLOCK[0] || magic[1] !== BLOCK[1]) throw fail("it has neither block nor end");
    let crc = -1;
    for (const chunk of unpackBlock(bits, vector, fail)) {
      for (let at = 0; at < chunk.length; at++) {
        crc = crc << 8 ^ CRC_TABLE[(crc >>> 24) ^ chunk[at]!]!;
      }
      yield chunk;
    }
    if (~crc !== expected) throw fail("the CRC-32 of a block does not match");
    combined = (combined << 1 | combined >>> 31) ^ expected;
  }
}
