/**
 * md5 and sha512 in one pass: each waits for itself most of the time, and a processor does one while
 * the other waits. Together they take little more time than sha512 alone.
 *
 * The code is made while the program runs, as both digests are a few lines that repeat, and no compiler
 * is needed to change them.
 *
 * @module
 */
// Small: the order in which two digests are interleaved, apart from each of them.

import { assemble, type Code, FROM, get, i32, Locals, loop, PAGE, tee, TO } from "./assembler.ts";
import { BLOCK, INITIAL_MEMORY, MEMORY } from "./layout.ts";
import { md5 } from "./md5.ts";
import { sha512 } from "./sha512.ts";

/** The steps of both, spread over each other. */
function stitch(some: Code[], others: Code[]): Code[] {
  const spread = others.map((code, index) => ({ code, at: (index + 0.5) / others.length }));
  return [...some.map((code, index) => ({ code, at: index / some.length })), ...spread]
    .sort((a, b) => a.at - b.at)
    .map(({ code }) => code);
}

/**
 * Assembles the module that computes sha512 and md5 in one pass.
 *
 * @returns Its bytes. The exported `run(from, to)` feeds the whole blocks between two addresses to the states.
 */
export function stitched(): Uint8Array<ArrayBuffer> {
  const locals = new Locals();
  const sha = sha512(locals), md = md5(locals);
  const block = stitch(sha.steps, md.steps).flat();
  const advance = tee(FROM, i32.add(get(FROM), i32.const(BLOCK)));
  const body = [...sha.begin, ...md.begin, ...loop(block, i32.lessThan(advance, get(TO)))];
  return assemble({ locals: locals.types, body, pages: MEMORY / PAGE, data: INITIAL_MEMORY });
}
