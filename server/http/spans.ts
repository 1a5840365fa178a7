/**
 * The spans of an image that a `Range` header selects.
 *
 * @module
 */
import type { RangeSpec } from "../../transport/ranges.ts";

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
