/**
 * A stand-in for the assertions of `@std/assert` that the tests use, for where JSR is out of reach:
 * the same names, signatures and verdicts. Failure messages begin alike; their detail is
 * `node:util`'s.
 *
 * @module
 */
import { inspect, stripVTControlCharacters } from "node:util";
import { equal } from "./equal.ts";

export { equal };

/** A class whose instances can be asserted, abstract or not. */
// deno-lint-ignore no-explicit-any -- only `any` accepts every constructor's parameters
export type Class<T> = abstract new (...args: any[]) => T;

/** Thrown by every assertion that fails. */
export class AssertionError extends Error {
  /** The class's name. */
  override name = "AssertionError";
}

/** Asserts that a value is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Asserts that a value is falsy. */
export function assertFalse(
  expr: unknown,
  msg = "",
): asserts expr is false | 0 | 0n | "" | null | undefined {
  if (expr) throw new AssertionError(msg);
}

/** Asserts that two values are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  stop(`Values are not equal`, msg, `\n- ${show(actual)}\n+ ${show(expected)}`);
}

/** Asserts that two values are not deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) {
    stop(`Expected actual: ${show(actual)} not to be: ${show(expected)}`, msg);
  }
}

/** Asserts that two values are the same by `Object.is`. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  stop(`Values are not strictly equal`, msg, `\n- ${show(actual)}\n+ ${show(expected)}`);
}

/** Asserts that two values are not the same by `Object.is`. */
export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!Object.is(actual, expected)) return;
  stop(`Expected "actual" to not be strictly equal to: ${show(actual)}`, msg);
}

/** Asserts that a value is neither null nor undefined. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) {
    stop(`Expected actual: "${actual}" to not be null or undefined`, msg);
  }
}

/** Asserts that a text matches a regular expression. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (expected.test(actual)) return;
  stop(`Expected actual: "${actual}" to match: "${expected}"`, msg);
}

/** Asserts that a text does not match a regular expression. */
export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void {
  if (!expected.test(actual)) return;
  stop(`Expected actual: "${actual}" to not match: "${expected}"`, msg);
}

/** Asserts that a text contains another. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (actual.includes(expected)) return;
  stop(`Expected actual: "${actual}" to contain: "${expected}"`, msg);
}

/** Asserts that an array has a deeply equal element for each that is expected. */
export function assertArrayIncludes<T>(
  actual: ArrayLike<T> & object,
  expected: ArrayLike<T> & object,
  msg?: string,
): void {
  const there = Array.from(actual);
  const missing = Array.from(expected).filter((item) => !there.some((one) => equal(one, item)));
  if (missing.length === 0) return;
  stop(
    `Expected actual: "${show(actual)}" to include: "${show(expected)}"`,
    msg,
    `\nmissing: ${show(missing)}`,
  );
}

/** Asserts that two numbers differ by no more than `tolerance`, by default 1e-7 of `expected`. */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance: number = Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7,
  msg?: string,
): void {
  const delta = Math.abs(expected - actual);
  if (Object.is(actual, expected) || delta <= tolerance) return;
  stop(
    `Expected actual: "${actual}" to be close to "${expected}": ` +
      `delta "${delta}" is greater than "${tolerance}"`,
    msg,
  );
}

/** Asserts that `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual > expected)) compared(actual, ">", expected, msg);
}

/** Asserts that `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual >= expected)) compared(actual, ">=", expected, msg);
}

/** Asserts that `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual < expected)) compared(actual, "<", expected, msg);
}

/** Asserts that `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual <= expected)) compared(actual, "<=", expected, msg);
}

/** Asserts that a value is an instance of a class. */
// deno-lint-ignore no-explicit-any -- the constraint of `InstanceType`
export function assertInstanceOf<T extends abstract new (...args: any[]) => any>(
  actual: unknown,
  expectedType: T,
  msg?: string,
): asserts actual is InstanceType<T> {
  if (actual instanceof expectedType) return;
  stop(
    `Expected object to be an instance of "${expectedType.name}" but was "${nameOf(actual)}"`,
    msg,
  );
}

/** Asserts that a value is an error, of a class and with a message where these are given. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: Class<E>,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  if (!(error instanceof Error)) stop(`Expected "error" to be an Error object`, msg);
  if (ErrorClass && !(error instanceof ErrorClass)) {
    stop(
      `Expected error to be instance of "${ErrorClass.name}", but was "${nameOf(error)}"`,
      msg,
    );
  }
  const text = stripVTControlCharacters(error.message);
  const matches = msgMatches instanceof RegExp
    ? msgMatches.test(text)
    : text.includes(stripVTControlCharacters(msgMatches ?? ""));
  if (matches) return;
  const wanted = msgMatches instanceof RegExp ? `${msgMatches}` : JSON.stringify(msgMatches);
  stop(`Expected error message to include ${wanted}, but got ${JSON.stringify(text)}`, msg);
}

/** Asserts that a function throws; the value thrown is the result. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Asserts that a function throws an error of a class; the error is the result. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: Class<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows<E extends Error>(
  fn: () => unknown,
  ErrorClass?: Class<E> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  if (typeof ErrorClass === "string") [ErrorClass, msg] = [undefined, ErrorClass];
  try {
    fn();
  } catch (error) {
    if (ErrorClass) judge(error, "thrown", ErrorClass, msgIncludes, msg);
    return error;
  }
  stop("Expected function to throw", msg);
}

/** Asserts that a promise rejects; the reason is the result. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** Asserts that a promise rejects with an error of a class; the error is the result. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: Class<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects<E extends Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass?: Class<E> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  if (typeof ErrorClass === "string") [ErrorClass, msg] = [undefined, ErrorClass];
  let promise: PromiseLike<unknown> | undefined;
  try {
    promise = fn();
  } catch {
    // A synchronous throw is handled below: it has left no promise.
  }
  if (typeof promise?.then !== "function") {
    stop("Function throws when expected to reject", msg);
  }
  try {
    await promise;
  } catch (error) {
    if (ErrorClass) judge(error, "rejected", ErrorClass, msgIncludes, msg);
    return error;
  }
  stop("Expected function to reject", msg);
}

/** Fails always. */
export function fail(msg?: string): never {
  stop("Failed assertion", msg);
}

/** Fails always: says that this line should not be reached. */
export function unreachable(msg?: string): never {
  stop("Unreachable", msg);
}

function stop(what: string, msg?: string, detail = ""): never {
  throw new AssertionError(`${what}${msg ? `: ${msg}` : "."}${detail}`);
}

function compared(actual: unknown, operator: string, expected: unknown, msg?: string): never {
  throw new AssertionError(msg ?? `Expect ${show(actual)} ${operator} ${show(expected)}`);
}

function judge<E extends Error>(
  error: unknown,
  how: string,
  ErrorClass: Class<E>,
  msgIncludes?: string,
  msg?: string,
): void {
  if (!(error instanceof Error)) stop(`A non-Error object was ${how}`, msg);
  assertIsError(error, ErrorClass, msgIncludes, msg);
}

/** A value as text, short enough to print when it is an image's chunk. */
function show(value: unknown): string {
  return inspect(value, { depth: 100, maxArrayLength: 100, maxStringLength: 10_000, sorted: true });
}

function nameOf(value: unknown): string {
  if (value === null || typeof value !== "object") return value === null ? "null" : typeof value;
  return value.constructor?.name ?? "Object";
}
