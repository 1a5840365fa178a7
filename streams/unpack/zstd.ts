/**
 * Zstandard (RFC 8878): several frames, and frames to skip. Where frames begin and end is parsed here,
 * because `node:zlib` stops after the first one and takes a cut frame for a whole one.
 *
 * @module
 */
import { StoreError } from "../../errors/mod.ts";
import type { PackedInput } from "./packed_input.ts";
import { OUTPUT, requireZlib, runEngine } from "./zlib_engine.ts";

/** The largest window that is accepted, in bytes: 128 MiB, as in the program `zstd`. */
const MAX_WINDOW = 134_217_728;

/** The largest block, and what stands before each, in bytes (RFC 8878, section 3.1.1.2). */
const MAX_BLOCK = 131_072, BLOCK_HEADER = 3;

/**
 * Unpacks Zstandard.
 *
 * @param input The packed bytes.
 * @returns The unpacked bytes.
 * @throws {Invalid} If they are cut off, corrupt, or followed by other bytes, or the window is too large.
 */
export async function* unzstd(input: PackedInput): AsyncGenerator<Uint8Array> {
  const zlib = requireZlib("zstd", ["createZstdDecompress"]);
  let isFirst = true;
  while (isFirst || !await input.isAtEnd()) {
    const head = await input.exactly(4);
    const magic = new DataView(head.buffer).getUint32(0, true);
    if ((magic & 0xfffffff0) >>> 0 === 0x184d2a50) {
      const size = new DataView((await input.exactly(4)).buffer).getUint32(0, true);
      await input.skip(size);
    } else if (magic === 0xfd2fb528) {
      const engine = zlib.createZstdDecompress({ chunkSize: OUTPUT });
      try {
        yield* runEngine(engine, frame(input, head));
      } catch (error) {
        throw error instanceof StoreError ? error : input.corrupt((error as Error).message, error);
      }
    } else throw isFirst ? input.corrupt("it has no zstd header") : input.garbage();
    isFirst = false;
  }
}

/**
 * Yields the bytes of one frame (RFC 8878, section 3.1.1), no more than a block at a time: where Deno's engine
 * fails at a later block of what it was given, the error is nobody's and ends the process. Each chunk is
 * lent until the next one is requested.
 */
async function* frame(input: PackedInput, magic: Uint8Array): AsyncGenerator<Uint8Array> {
  const descriptor = await input.exactly(1);
  const [flags] = descriptor as unknown as [number];
  const isSingle = (flags & 0x20) !== 0;
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][flags >> 6]!;
  const rest = await input.exactly((isSingle ? 0 : 1) + [0, 1, 2, 4][flags & 3]! + sizeBytes);
  const window = isSingle ? contentSize(rest, sizeBytes) : windowSize(rest[0]!);
  if (window > MAX_WINDOW) {
    throw input.corrupt(`its window has ${window} bytes, allowed are ${MAX_WINDOW}`);
  }
  yield* [magic, descriptor, rest];
  const buffer = new Uint8Array(BLOCK_HEADER + MAX_BLOCK);
  for (let isLast = false; !isLast;) {
    const header = await input.fill(buffer.subarray(0, BLOCK_HEADER));
    const value = header[0]! | header[1]! << 8 | header[2]! << 16;
    isLast = (value & 1) === 1;
    const type = value >> 1 & 3;
    const size = type === 1 ? 1 : value >> 3;
    if (type === 3) throw input.corrupt("it has a block of a reserved type");
    if (size > MAX_BLOCK) throw input.corrupt(`it has a block of ${size} bytes`);
    await input.fill(buffer.subarray(BLOCK_HEADER, BLOCK_HEADER + size));
    yield buffer.subarray(0, BLOCK_HEADER + size);
  }
  if (flags & 4) yield await input.exactly(4);
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + base / 8 * (descriptor & 7);
}

function contentSize(rest: Uint8Array, sizeBytes: number): number {
  const bytes = rest.subarray(rest.length - sizeBytes);
  const size = bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
  return sizeBytes === 2 ? size + 256 : size;
}
