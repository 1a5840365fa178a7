/**
 * sha512 (FIPS 180-4), a block at a time.
 *
 * @module
 */

import {
  type Code,
  FROM,
  get,
  I64,
  i64,
  i64x2,
  type Locals,
  named,
  set,
  type Steps,
  tee,
  V128,
  v128,
} from "./assembler.ts";
import { AT } from "./layout.ts";

/**
 * Returns the code for a block of sha512 (FIPS 180-4, section 6.4.2), its schedule two words at a time in
 * vectors.
 *
 * @param locals Where to take local variables from.
 * @returns The code, in steps between which other code may run.
 */
export function sha512(locals: Locals): Steps {
  const state = locals.take(8, I64);
  const [sum, aXorB, bXorC] = locals.take(3, I64) as [number, number, number];
  const words = locals.take(8, V128);
  const [pair] = locals.take(1, V128) as [number];
  const bigEndian = [7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8];
  const { add, and, xor } = i64;

  /** Puts two words into the schedule. */
  const schedule = (index: number, value: Code): Code =>
    v128.store(
      AT.schedule + 16 * (index % 8),
      i64x2.add(tee(words[index % 8]!, value), v128.load(AT.sha512Constants + 16 * index)),
    );
  /** The last word of one pair and the first of the next. */
  const across = (index: number): Code =>
    v128.shuffle(get(words[index % 8]!), get(words[(index + 1) % 8]!), [
      ...[8, 9, 10, 11, 12, 13, 14, 15],
      ...[16, 17, 18, 19, 20, 21, 22, 23],
    ]);
  /** The small sigmas: two rotations and a shift. */
  const sigma = (value: Code, r: number, s: number, shift: number): Code => {
    const rotated = (first: Code, bits: number) =>
      v128.xor(i64x2.shiftRight(first, bits), i64x2.shiftLeft(get(pair), 64 - bits));
    return v128.xor(
      v128.xor(rotated(tee(pair, value), r), rotated(get(pair), s)),
      i64x2.shiftRight(get(pair), shift),
    );
  };
  /** The pair of words that takes the place of the one just used. */
  const next = (index: number): Code =>
    i64x2.add(
      i64x2.add(
        i64x2.add(get(words[index % 8]!), sigma(across(index), 1, 8, 7)),
        across(index + 4),
      ),
      sigma(get(words[(index + 7) % 8]!), 19, 61, 6),
    );
  /** The big sigmas: three rotations, one inside the other, which takes the fewest instructions. */
  const bigSigma = (x: Code, r: number, s: number, t: number): Code =>
    i64.rotateRight(xor(i64.rotateRight(xor(i64.rotateRight(x, t - s), x), s - r), x), r);

  const round = (i: number): Code => {
    const { a, b, d, e, f, g, h } = named(state, i);
    const choice = xor(and(xor(get(f), get(g)), get(e)), get(g));
    const majority = xor(and(tee(aXorB, xor(get(a), get(b))), get(bXorC)), get(b));
    const first = add(
      add(add(get(h), i64.load(AT.schedule + 8 * (i % 16))), choice),
      bigSigma(get(e), 14, 18, 41),
    );
    return [
      ...set(d, add(tee(sum, first), get(d))),
      ...set(h, add(add(majority, get(sum)), bigSigma(get(a), 28, 34, 39))),
      ...set(bXorC, get(aXorB)),
      ...(i % 2 === 1 && i < 64 ? schedule((i >> 1) + 8, next(i >> 1)) : []),
    ];
  };
  const begin = words.flatMap((_, index) => {
    const read = v128.load(16 * index, get(FROM));
    return schedule(index, v128.shuffle(read, read, bigEndian));
  });
  const end = state.flatMap((local, word) =>
    i64.store(AT.sha512 + 8 * word, tee(local, add(get(local), i64.load(AT.sha512 + 8 * word))))
  );
  return {
    begin: state.flatMap((local, word) => set(local, i64.load(AT.sha512 + 8 * word))),
    steps: [
      [...begin, ...set(bXorC, xor(get(state[1]!), get(state[2]!)))],
      ...Array.from({ length: 80 }, (_, i) => round(i)),
      end,
    ],
  };
}
