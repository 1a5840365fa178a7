/**
 * md5 (RFC 1321), two of its blocks at a time.
 *
 * @module
 */

import {
  type Code,
  FROM,
  get,
  i32x4,
  type Locals,
  named,
  set,
  type Steps,
  tee,
  V128,
  v128,
} from "./assembler.ts";
import { AT } from "./layout.ts";

/** md5's order of the words of a block, and how far it rotates, in each of the four rounds. */
const MD5_ROUNDS = [
  { word: (i: number) => i % 16, rotations: [7, 12, 17, 22] },
  { word: (i: number) => (5 * i + 1) % 16, rotations: [5, 9, 14, 20] },
  { word: (i: number) => (3 * i + 5) % 16, rotations: [4, 11, 16, 23] },
  { word: (i: number) => 7 * i % 16, rotations: [6, 10, 15, 21] },
];

/**
 * Returns the code for two blocks of md5 (RFC 1321, section 3.4), in the lanes of vectors: that leaves
 * sha512 its registers.
 *
 * @param locals Where to take local variables from.
 * @returns The code, in steps between which other code may run.
 */
export function md5(locals: Locals): Steps {
  const state = locals.take(4, V128);
  const [sum, ones] = locals.take(2, V128) as [number, number];
  const { add } = i32x4;
  /** The functions F, G, H, I, and `a` before. In G what hangs on `b` comes last, since `b` comes late. */
  const mixed = [
    (a: Code, b: Code, c: Code, d: Code) => add(a, v128.xor(v128.and(v128.xor(c, d), b), d)),
    (a: Code, b: Code, c: Code, d: Code) => add(add(a, v128.andNot(c, d)), v128.and(b, d)),
    (a: Code, b: Code, c: Code, d: Code) => add(a, v128.xor(v128.xor(c, d), b)),
    (a: Code, b: Code, c: Code, d: Code) => add(a, v128.xor(v128.or(v128.xor(d, get(ones)), b), c)),
  ];
  const step = (half: number, i: number): Code => {
    const round = i >> 4;
    const { word, rotations } = MD5_ROUNDS[round]!;
    const { a, b, c, d } = named(state, i);
    const given = add(
      v128.loadSplat32(64 * half + 4 * word(i), get(FROM)),
      v128.load(AT.md5Constants + 16 * i),
    );
    const all = tee(sum, mixed[round]!(add(given, get(a)), get(b), get(c), get(d)));
    const bits = rotations[i % 4]!;
    const rotated = v128.or(i32x4.shiftLeft(all, bits), i32x4.shiftRight(get(sum), 32 - bits));
    return set(a, add(rotated, get(b)));
  };
  const half = (index: number, from: number, to: number): Code[] => [
    ...Array.from({ length: 64 }, (_, i) => step(index, i)),
    state.flatMap((local, word) =>
      v128.store(to + 16 * word, tee(local, add(get(local), v128.load(from + 16 * word))))
    ),
  ];
  return {
    begin: [
      ...set(ones, v128.ones),
      ...state.flatMap((local, word) => set(local, v128.load(AT.md5 + 16 * word))),
    ],
    steps: [...half(0, AT.md5, AT.md5Half), ...half(1, AT.md5Half, AT.md5)],
  };
}
