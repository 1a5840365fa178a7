/**
 * Byte ranges (RFC 9110, section 14).
 *
 * @module
 */

/** One range-spec: from a byte on, to another included or to the end; or a number of last bytes. */
export type RangeSpec = { first: number; last: number | undefined } | { suffix: number };

/** Bytes of an image, the end excluded. */
export interface Span {
  /** First byte. */
  start: number;
  /** The byte after the last. */
  end: number;
}

/** The most ranges that one request may ask for. */
const MOST_RANGES = 64;

/** Ranges nearer to each other than this are sent as one: a part of its own would take more bytes. */
const GAP = 80;

/**
 * Reads a Range field. `undefined` means that the whole image is to be sent: there is no such field,
 * its unit is not `bytes`, or it is not valid (section 14.2).
 */
export function parseRange(value: string | null): RangeSpec[] | undefined {
  const set = value && /^bytes=(.*)$/i.exec(value)?.[1];
  if (!set) return undefined;
  const specs: RangeSpec[] = [];
  for (const text of set.split(",")) {
    // Empty elements of a list do not count (section 5.6.1.2).
    if (text.trim() === "") continue;
    const match = /^[ \t]*(\d*)-(\d*)[ \t]*$/.exec(text);
    if (!match || (match[1] === "" && match[2] === "")) return undefined;
    const [first, last] = [toInteger(match[1]!), toInteger(match[2]!)];
    if (first === undefined) {
      specs.push({ suffix: last! });
    } else {
      if (last !== undefined && last < first) return undefined;
      specs.push({ first, last });
    }
  }
  return specs.length > 0 ? specs : undefined;
}

/** A decimal number of any length; beyond what can be counted it is as large as any. */
function toInteger(digits: string): number | undefined {
  return digits === "" ? undefined : Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
}

/**
 * The bytes that ranges ask of an image of `size` bytes, in the order asked; those that overlap or
 * nearly touch are made one. Empty if none can be satisfied, or too many are asked for.
 */
export function spansOf(specs: readonly RangeSpec[], size: number): Span[] {
  if (specs.length > MOST_RANGES) return [];
  const spans: Span[] = [];
  for (const spec of specs) {
    const start = "suffix" in spec ? Math.max(0, size - spec.suffix) : spec.first;
    const end = "suffix" in spec || spec.last === undefined ? size : Math.min(size, spec.last + 1);
    if (start < end) spans.push({ start, end });
  }
  return coalesced(spans);
}

function coalesced(spans: Span[]): Span[] {
  const result: Span[] = [];
  for (let span of spans) {
    for (let i = 0; i < result.length;) {
      const other = result[i]!;
      if (span.start <= other.end + GAP && other.start <= span.end + GAP) {
        span = { start: Math.min(span.start, other.start), end: Math.max(span.end, other.end) };
        result.splice(i, 1);
        // What it has grown to may touch those passed over before.
        i = 0;
      } else {
        i++;
      }
    }
    result.push(span);
  }
  return result;
}

/** The Content-Range of a span; `undefined` says that none could be satisfied (section 14.4). */
export function contentRange(span: Span | undefined, size: number): string {
  return span ? `bytes ${span.start}-${span.end - 1}/${size}` : `bytes */${size}`;
}
