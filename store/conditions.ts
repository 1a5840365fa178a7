/**
 * Preconditions, and how validators compare (RFC 9110, sections 8.8.3 and 13).
 *
 * @module
 */
import type { Conditions } from "./types.ts";

/** What distinguishes one state of an image from another (RFC 9110, section 8.8). */
export interface Validators {
  /** The entity tag, quotes included; `undefined` where there is none. */
  etag?: string | undefined;
  /** The date of the last change; `undefined` where it is not known. */
  modified?: Date | undefined;
}

/**
 * Evaluates preconditions in the order of RFC 9110, section 13.2.2. Entity tags come before dates, and
 * dates count in whole seconds. A date that is not known is not compared.
 *
 * @param conditions The preconditions.
 * @param current The validators of the image; `undefined` where there is no image.
 * @returns The name of the precondition that does not hold, or `undefined` if all do.
 */
export function failedCondition(
  { ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince }: Conditions,
  current: Validators | undefined,
): keyof Conditions | undefined {
  const modified = secondsOf(current?.modified);
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, current, strongEqual)) return "ifMatch";
  } else if (modified > secondsOf(ifUnmodifiedSince)) {
    return "ifUnmodifiedSince";
  }
  if (ifNoneMatch !== undefined) {
    if (matches(ifNoneMatch, current, weakEqual)) return "ifNoneMatch";
  } else if (modified <= secondsOf(ifModifiedSince)) {
    return "ifModifiedSince";
  }
  return undefined;
}

/**
 * Compares entity tags strongly (RFC 9110, section 8.8.3.2).
 *
 * @param one An entity tag, quotes included.
 * @param other The other.
 * @returns Whether both are the same and neither is weak.
 */
export function strongEqual(one: string, other: string): boolean {
  return one === other && !one.startsWith("W/");
}

/** Compares weakly (section 8.8.3.2). */
function weakEqual(one: string, other: string): boolean {
  return one.replace(/^W\//, "") === other.replace(/^W\//, "");
}

function matches(
  value: string,
  current: Validators | undefined,
  equal: (one: string, other: string) => boolean,
): boolean {
  if (current === undefined) return false;
  if (value.trim() === "*") return true;
  const { etag } = current;
  return etag !== undefined && entityTags(value).some((one) => equal(one, etag));
}

/**
 * Returns the entity tags of a list. What is none is left out.
 *
 * @param value The list.
 * @returns The entity tags, quotes included.
 */
export function entityTags(value: string): string[] {
  // deno-lint-ignore no-control-regex -- everything but control characters and quotes
  return [...value.matchAll(/(?:^|,)[ \t]*((?:W\/)?"[^"\x00-\x20\x7f]*")[ \t]*(?=,|$)/g)]
    .map(([, tag]) => tag!);
}

/** Whole seconds since 1970, as HTTP counts; NaN, which compares with nothing, for no date. */
function secondsOf(date: Date | undefined): number {
  return date === undefined ? NaN : Math.floor(date.getTime() / 1000);
}
