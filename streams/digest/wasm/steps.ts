/**
 * The parts that a digest is made of, and their variables.
 *
 * @module
 */

import type { Code } from "./assembler.ts";

/** Parameters of `run`: addresses of the first byte, and of the one after the last. */
export const FROM = 0, TO = 1;

/** Numbers of local variables. */
export class Locals {
  readonly types: number[] = [];

  /** Takes new ones of a type. */
  take(count: number, type: number): number[] {
    return Array.from({ length: count }, () => this.types.push(type) + 1);
  }
}

/** Code that sets something up, the steps that follow it, and what ends a block. */
export interface Steps {
  begin: Code;
  steps: Code[];
}

/** Variables by the names that the standards give them. */
export type Named = Readonly<Record<"a" | "b" | "c" | "d" | "e" | "f" | "g" | "h", number>>;

/** The variables' names in a step: from each to the next, each of them takes the next one's name. */
export function named(locals: readonly number[], step: number): Named {
  const { length } = locals;
  return Object.fromEntries(
    locals.map((_, k) => ["abcdefgh"[k], locals[(k + 80 * length - step) % length]]),
  ) as Named;
}
