/**
 * Deflate (RFC 1951), as gzip and zip have it: what follows its end is left to the format around it.
 *
 * @module
 */
import type * as zlib from "node:zlib";
import { StoreError } from "../../errors/mod.ts";
import type { PackedInput } from "./packed_input.ts";
import { OUTPUT, runEngine } from "./zlib_engine.ts";

/** What came out. */
export interface Inflated {
  /** CRC-32 of the unpacked bytes. */
  crc: number;
  /** Their number. */
  size: number;
  /** The number of packed bytes. */
  packedSize: number;
}

/**
 * Unpacks one stream of deflate.
 *
 * @param input The packed bytes. Those after the end of the stream are given back.
 * @param module `node:zlib`.
 * @returns The unpacked bytes, each chunk lent until the next one is requested, and at their end what they
 * were.
 * @throws {Invalid} If they are cut off or corrupt.
 */
export async function* inflate(
  input: PackedInput,
  module: typeof zlib,
): AsyncGenerator<Uint8Array, Inflated> {
  let [crc, size] = [0, 0];
  const engine = module.createInflateRaw({ chunkSize: OUTPUT });
  const start = input.count;
  // The engine ends somewhere in the last pieces: one more may be written before that is known.
  let lastPieces: Uint8Array[] = [];
  const pieces = async function* () {
    for (;;) {
      const piece = await input.next();
      if (piece.length === 0) return;
      lastPieces = [...lastPieces.slice(-2), piece];
      yield piece;
    }
  };
  try {
    for await (const chunk of runEngine(engine, pieces())) {
      crc = module.crc32(chunk, crc);
      size += chunk.length;
      yield chunk;
    }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code === "Z_BUF_ERROR" || /unexpected end/.test(message)) throw input.truncated();
    throw error instanceof StoreError ? error : input.corrupt(message, error);
  }
  const packedSize = engine.bytesWritten;
  const unused = input.count - start - packedSize;
  if (unused > 0) input.giveBack(joinBytes(lastPieces).slice(-unused));
  return { crc: crc >>> 0, size, packedSize };
}

function joinBytes(pieces: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
