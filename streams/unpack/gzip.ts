/**
 * gzip (RFC 1952): several members one after another, and zeros after the last.
 *
 * @module
 */
import { inflate } from "./inflate.ts";
import type { PackedInput } from "./packed_input.ts";
import { requireZlib } from "./zlib_engine.ts";

/** Bits of the flags of a member (RFC 1952, section 2.3.1). */
const HEADER_CRC = 2, EXTRA = 4, NAME = 8, COMMENT = 16;

/**
 * Unpacks gzip.
 *
 * @param input The packed bytes.
 * @returns The unpacked bytes.
 * @throws {Invalid} If they are cut off, corrupt, or followed by other bytes.
 */
export async function* gunzip(input: PackedInput): AsyncGenerator<Uint8Array> {
  const zlib = requireZlib("gzip", ["createInflateRaw", "crc32"]);
  do {
    await skipHeader(input);
    const { crc, size } = yield* inflate(input, zlib);
    const trailer = new DataView((await input.exactly(8)).buffer);
    if (trailer.getUint32(0, true) !== crc) throw input.corrupt("its CRC-32 does not match");
    if (trailer.getUint32(4, true) !== size % 2 ** 32) {
      throw input.corrupt("its size does not match");
    }
  } while (!await input.isAtEndBut(0x1f));
}

async function skipHeader(input: PackedInput): Promise<void> {
  const [id1, id2, method, flags] = await input.exactly(10);
  if (id1 !== 0x1f || id2 !== 0x8b || method !== 8) throw input.corrupt("it has no gzip header");
  const skipText = async () => {
    while ((await input.exactly(1))[0] !== 0);
  };
  if (flags! & EXTRA) {
    const [low, high] = await input.exactly(2);
    await input.exactly(low! + high! * 256);
  }
  if (flags! & NAME) await skipText();
  if (flags! & COMMENT) await skipText();
  if (flags! & HEADER_CRC) await input.exactly(2);
}
