/**
 * Deep equality by `@std/assert`'s rules: `0` equals `-0`, `NaN` equals itself, a missing property
 * differs from an undefined one, and prototypes count (but a null prototype is a plain object's).
 *
 * @module
 */

const TypedArray = Object.getPrototypeOf(Uint8Array) as new () => Uint8Array;

/** Objects whose state cannot be read off their properties, but off their text. */
const TEXTUAL = new Set<unknown>([URL.prototype, URLSearchParams.prototype, RegExp.prototype]);

/** Returns whether two values are deeply equal. */
export function equal(a: unknown, b: unknown): boolean {
  return compare(a, b, new Map());
}

function compare(a: unknown, b: unknown, seen: Map<object, object>): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const prototype = prototypeOf(a);
  if (prototype !== prototypeOf(b)) return false;
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime());
  if (TEXTUAL.has(prototype)) return String(a) === String(b);
  if (a instanceof ArrayBuffer || a instanceof SharedArrayBuffer) {
    return sameElements(new Uint8Array(a), new Uint8Array(b as ArrayBuffer));
  }
  if (a instanceof TypedArray) return sameElements(a, b as Uint8Array);
  if (seen.get(a) === b) return true;
  seen.set(a, b);
  const same = compareParts(a, b, seen);
  if (!same) seen.delete(a);
  return same;
}

function compareParts(a: object, b: object, seen: Map<object, object>): boolean {
  if (a instanceof Map) return sameEntries(a, b as Map<unknown, unknown>, seen);
  if (a instanceof Set) {
    return sameEntries(new Map(a.entries()), new Map((b as Set<unknown>).entries()), seen);
  }
  const keys = keysOf(a);
  const others = keysOf(b);
  return keys.size === others.size &&
    [...keys].every((key) =>
      others.has(key) && compare(Reflect.get(a, key), Reflect.get(b, key), seen)
    );
}

function prototypeOf(value: object): object {
  return Object.getPrototypeOf(value) ?? Object.prototype;
}

function sameElements(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i] && !Object.is(a[i], b[i])) return false;
  }
  return true;
}

/** Each entry has its like on the other side; keys may be objects, so a look-up is not enough. */
function sameEntries(
  a: Map<unknown, unknown>,
  b: Map<unknown, unknown>,
  seen: Map<object, object>,
): boolean {
  return a.size === b.size &&
    [...a].every(([key, value]) =>
      b.has(key)
        ? compare(value, b.get(key), seen)
        : [...b].some((other) => compare(key, other[0], seen) && compare(value, other[1], seen))
    );
}

/** An object's property names; of a class's instance the hidden and inherited ones as well. */
function keysOf(value: object): Set<PropertyKey> {
  const plain: object[] = [Object.prototype, Array.prototype];
  if (plain.includes(prototypeOf(value))) return new Set(Reflect.ownKeys({ ...value }));
  const keys = new Set<PropertyKey>();
  for (let level = value; level && !plain.includes(level); level = Object.getPrototypeOf(level)) {
    for (const key of Reflect.ownKeys(level)) keys.add(key);
  }
  return keys;
}
