/**
 * Brace expansion, as shells do it: `{a,b}` and `{1..9}`.
 *
 * @module
 */
import { Invalid } from "../errors/mod.ts";

/** The most patterns that one pattern may expand to. */
const MAX_PATTERNS = 1000;

/**
 * Expands the braces of a pattern. What is escaped with a backslash or stands in brackets is left as
 * it is, and so are braces without a comma or a range in them.
 *
 * @param pattern The pattern.
 * @returns The patterns that it stands for, each once, in order.
 * @throws {Invalid} If there are more than 1,000 of them.
 *
 * @example Two alternatives
 * ```ts
 * import { expandBraces } from "./braces.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(expandBraces("{a,b/c}/*.iso"), ["a/*.iso", "b/c/*.iso"]);
 * assertEquals(expandBraces("disk{8..10}"), ["disk8", "disk9", "disk10"]);
 * ```
 */
export function expandBraces(pattern: string): string[] {
  let pending = [{ text: pattern, from: 0 }];
  const done = new Set<string>();
  while (pending.length > 0) {
    const next: typeof pending = [];
    for (const { text, from } of pending) {
      const group = findGroup(text, from);
      if (group === undefined) {
        done.add(text);
        continue;
      }
      const { start, end, parts } = group;
      const head = text.slice(0, start);
      const tail = text.slice(end);
      if (parts === undefined) {
        // Escaped, so that the matcher takes the braces as they are.
        const inner = text.slice(start + 1, end - 1);
        next.push({ text: `${head}\\{${inner}\\}${tail}`, from: start + 2 });
      } else {
        for (const part of parts) next.push({ text: head + part + tail, from: start });
      }
    }
    if (next.length + done.size > MAX_PATTERNS) {
      throw new Invalid(`the pattern stands for more than ${MAX_PATTERNS} patterns`);
    }
    pending = next;
  }
  return [...done];
}

/** A group in braces; without parts if it is to be taken as it is. */
interface Group {
  start: number;
  /** The index after the closing brace. */
  end: number;
  parts: string[] | undefined;
}

/** Finds the first group that begins at an index or later. */
function findGroup(text: string, from: number): Group | undefined {
  for (let start = from; start < text.length; start = after(text, start)) {
    if (text[start] !== "{") continue;
    const commas: number[] = [];
    let depth = 0;
    for (let at = start; at < text.length; at = after(text, at)) {
      if (text[at] === "{") depth++;
      else if (text[at] === "," && depth === 1) commas.push(at);
      else if (text[at] === "}" && --depth === 0) {
        return { start, end: at + 1, parts: partsOf(text, start, at, commas) };
      }
    }
  }
  return undefined;
}

/** Returns the index after an escaped character, a class in brackets, or one character. */
function after(text: string, at: number): number {
  if (text[at] === "\\") return at + 2;
  if (text[at] !== "[") return at + 1;
  // A bracket directly after the opening one belongs to the class.
  const close = /^\[[!^]?\]?[^\]]*\]/.exec(text.slice(at));
  return close ? at + close[0].length : at + 1;
}

function partsOf(
  text: string,
  open: number,
  close: number,
  commas: number[],
): string[] | undefined {
  if (commas.length === 0) return rangeOf(text.slice(open + 1, close));
  return [open, ...commas].map((from, i) => text.slice(from + 1, commas[i] ?? close));
}

/** Returns the numbers of `1..9`, or the letters of `a..e`. */
function rangeOf(inner: string): string[] | undefined {
  const match = /^(?:(-?\d{1,9})\.\.(-?\d{1,9})|([a-z])\.\.([a-z])|([A-Z])\.\.([A-Z]))$/.exec(
    inner,
  );
  if (match === null) return undefined;
  const [first, last] = match.slice(1).filter((part) => part !== undefined) as [string, string];
  const isNumber = match[1] !== undefined;
  const [low, high] = isNumber
    ? [Number(first), Number(last)]
    : [first.charCodeAt(0), last.charCodeAt(0)];
  const count = Math.abs(high - low) + 1;
  if (count > MAX_PATTERNS) {
    throw new Invalid(`the pattern stands for more than ${MAX_PATTERNS} patterns`);
  }
  const digits = isNumber && [first, last].some((text) => /^-?0\d/.test(text))
    ? Math.max(first.length, last.length)
    : 0;
  return Array.from({ length: count }, (_, i) => {
    const value = low + (high >= low ? i : -i);
    return isNumber ? `${value}`.padStart(digits, "0") : String.fromCharCode(value);
  });
}
