/**
 * What is where in the memory of the module, and what the memory begins with.
 *
 * @module
 */

import { PART_BLOCK } from "../engine.ts";
import { PAGE } from "./assembler.ts";

/** Bytes that are digested at once; `run` takes whole blocks. */
export const BLOCK: number = PART_BLOCK;

/** Where things are in the module's memory, in bytes. */
export const AT = {
  /** State of md5 after the first half of a block, which is a block of md5's; four lanes a word. */
  md5Half: 0,
  /** State of md5 after a block; four lanes a word. */
  md5: 64,
  /** State of sha512. */
  sha512: 128,
  /** The constants of sha512's rounds. */
  sha512Constants: 256,
  /** The constants of md5's steps, each four times. */
  md5Constants: 1024,
  /** sha512's message schedule: the next 16 words, each with the constant of its round added. */
  schedule: 2048,
  /** The bytes to digest, up to the end of the memory. */
  data: 4096,
};

/** Bytes of the states, with which the memory begins. */
const STATES = 192;

/** Bytes of memory: small enough for what is copied there to be in the cache when it is digested. */
export const MEMORY = 4 * PAGE;

/** The first primes. */
function primes(count: number): bigint[] {
  const found: bigint[] = [];
  for (let n = 2n; found.length < count; n++) if (found.every((p) => n % p)) found.push(n);
  return found;
}

/** The first 64 bits of the fractional part of a prime's root. */
function rootFraction(prime: bigint, degree: bigint): bigint {
  const scaled = prime << 64n * degree;
  let root = 0n;
  for (let bit = 1n << 69n; bit > 0n; bit >>= 1n) {
    if ((root | bit) ** degree <= scaled) root |= bit;
  }
  return BigInt.asUintN(64, root);
}

/**
 * States before the first byte (FIPS 180-4, section 5.3.5; RFC 1321, 3.3) and
 * constants (FIPS 180-4, 4.2.3; RFC 1321, 3.4).
 */
function initialMemory(): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(AT.schedule));
  const words = (at: number, values: bigint[]) =>
    values.forEach((value, index) => view.setBigUint64(at + 8 * index, value, true));
  const lanes = (at: number, values: number[]) =>
    values.forEach((value, index) => {
      for (let lane = 0; lane < 4; lane++) view.setUint32(at + 16 * index + 4 * lane, value, true);
    });
  lanes(AT.md5, [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]);
  words(AT.sha512, primes(8).map((prime) => rootFraction(prime, 2n)));
  lanes(
    AT.md5Constants,
    Array.from({ length: 64 }, (_, step) => Math.floor(2 ** 32 * Math.abs(Math.sin(step + 1)))),
  );
  words(AT.sha512Constants, primes(80).map((prime) => rootFraction(prime, 3n)));
  return new Uint8Array(view.buffer);
}

/** What the memory begins with, the states first. */
export const INITIAL_MEMORY: Uint8Array = initialMemory();

/** The states before the first byte. */
export const INITIAL_STATES: Uint8Array = INITIAL_MEMORY.subarray(0, STATES);

/** The lanes of md5: of all bytes, and of those of a part. */
export const WHOLE = 0, PART = 1;

/**
 * Returns where the four words of a lane of md5 are.
 *
 * @param lane `WHOLE` or `PART`.
 * @param at The address of the states. Default: where they are after a block.
 * @returns The addresses of the words, in bytes.
 */
export function laneAt(lane: number, at: number = AT.md5): number[] {
  return [0, 16, 32, 48].map((word) => at + word + 4 * lane);
}
