/**
 * Writes WebAssembly (https://webassembly.github.io/spec/core/binary): expressions as functions, as
 * many instructions as the digests use, and one module around one function.
 *
 * @module
 */

/** Instructions, encoded. */
export type Code = readonly number[];

/** Types of values. */
export const I32 = 0x7f, I64 = 0x7e, V128 = 0x7b;

/** Bytes of a page of memory. */
export const PAGE = 65_536;

const unsigned = (value: number): Code =>
  value < 128 ? [value] : [value % 128 + 128, ...unsigned(Math.floor(value / 128))];

const signed = (value: number): Code =>
  value >= -64 && value < 64 ? [value & 127] : [value & 127 | 128, ...signed(value >> 7)];

const simd = (code: number): Code => [0xfd, ...unsigned(code)];

const binary = (instruction: Code) => (a: Code, b: Code): Code => [...a, ...b, ...instruction];

/** Reads from an address. Default: a constant one. */
const load = (instruction: Code) => (offset: number, base: Code = i32.const(0)): Code => [
  ...base,
  ...instruction,
  0,
  ...unsigned(offset),
];

const store = (instruction: Code) => (offset: number, value: Code): Code => [
  ...i32.const(0),
  ...value,
  ...instruction,
  0,
  ...unsigned(offset),
];

const shift = (instruction: Code) => (value: Code, bits: number): Code => [
  ...value,
  ...i32.const(bits),
  ...instruction,
];

/**
 * Reads a local variable.
 *
 * @param local The number of the variable.
 * @returns Code that leaves its value.
 */
export const get = (local: number): Code => [0x20, ...unsigned(local)];

/**
 * Sets a local variable.
 *
 * @param local The number of the variable.
 * @param value Code that leaves the value.
 * @returns Code that leaves nothing.
 */
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];

/**
 * Sets a local variable, and keeps the value for what follows.
 *
 * @param local The number of the variable.
 * @param value Code that leaves the value.
 * @returns Code that leaves the same value.
 */
export const tee = (local: number, value: Code): Code => [...value, 0x22, ...unsigned(local)];

/**
 * Repeats code.
 *
 * @param body The code. It runs at least once.
 * @param condition Code that leaves a number of 32 bits. The body is repeated unless that is 0.
 * @returns Code that leaves nothing.
 */
export const loop = (body: Code, condition: Code): Code => [
  ...[0x03, 0x40, ...body],
  ...[...condition, 0x0d, 0, 0x0b],
];

/** Instructions on 32-bit integers. */
export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  add: binary([0x6a]),
  lessThan: binary([0x49]),
};

/** Instructions on 64-bit integers. */
export const i64 = {
  add: binary([0x7c]),
  and: binary([0x83]),
  xor: binary([0x85]),
  rotateRight: (value: Code, bits: number): Code => [...value, 0x42, ...signed(bits), 0x8a],
  load: load([0x29]),
  store: store([0x37]),
};

/** Instructions on 128 bits, whatever they hold. */
export const v128 = {
  load: load(simd(0)),
  /** A number of 32 bits, four times. */
  loadSplat32: load(simd(9)),
  store: store(simd(11)),
  /** Bytes chosen out of both by their places, 0 to 31. */
  shuffle: (a: Code, b: Code, places: Code): Code => [...a, ...b, ...simd(13), ...places],
  ones: [...i32.const(-1), ...simd(17)] as Code,
  and: binary(simd(78)),
  /** What is in the first and not in the second. */
  andNot: binary(simd(79)),
  or: binary(simd(80)),
  xor: binary(simd(81)),
};

/** Instructions on four 32-bit integers. */
export const i32x4 = {
  add: binary(simd(174)),
  shiftLeft: shift(simd(171)),
  shiftRight: shift(simd(173)),
};

/** Instructions on two 64-bit integers. */
export const i64x2 = {
  add: binary(simd(206)),
  shiftLeft: shift(simd(203)),
  shiftRight: shift(simd(205)),
};

/**
 * Assembles a module of one function and one memory.
 *
 * @param parts The types of the function's locals, beside its two parameters (locals 0 and 1, both i32); its
 * body; the pages of the memory; and what the memory begins with.
 * @returns The bytes of the module, which exports the function as `run` and the memory as `memory`.
 */
export function assemble(
  { locals, body, pages, data }: {
    locals: Code;
    body: Code;
    pages: number;
    data: Uint8Array;
  },
): Uint8Array<ArrayBuffer> {
  const section = (
    id: number,
    content: Code,
  ): Code => [id, ...unsigned(content.length), ...content];
  const name = (text: string): Code => [text.length, ...new TextEncoder().encode(text)];
  const types = locals.flatMap((type) => [1, type]);
  const code = [...unsigned(locals.length), ...types, ...body, 0x0b];
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 2, I32, I32, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, ...unsigned(pages)]),
    ...section(7, [2, ...name("memory"), 2, 0, ...name("run"), 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
    ...section(11, [1, 0, ...i32.const(0), 0x0b, ...unsigned(data.length), ...data]),
  ]);
}

/** Parameters of `run`: addresses of the first byte, and of the one after the last. */
export const FROM = 0, TO = 1;

/** Numbers of local variables. */
export class Locals {
  readonly types: number[] = [];

  /**
   * Adds local variables.
   *
   * @param count How many.
   * @param type One of `I32`, `I64` and `V128`.
   * @returns The numbers of the new variables.
   */
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

/**
 * Names the variables of a step. From each step to the next, each of them takes the next one's name.
 *
 * @param locals The numbers of the variables.
 * @param step The number of the step, from 0.
 * @returns The number of the variable that has each name.
 */
export function named(locals: readonly number[], step: number): Named {
  const { length } = locals;
  return Object.fromEntries(
    locals.map((_, k) => ["abcdefgh"[k], locals[(k + 80 * length - step) % length]]),
  ) as Named;
}
