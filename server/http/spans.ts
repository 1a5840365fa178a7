/**
 * The spans of an image that a `Range` header selects.
 *
 * @module
 */
import type { RangeSpec } from "../../transport/ranges.ts";

/** Bytes of an image, the end excluded. */
export interface Span {
  /** First byte, from 0. */
  start: number;
  /** The byte after the last. */
  end: number;
}

/** The most ranges that one request is served with (RFC 9110, section 14.2). */
const MAX_RANGES = 64;

/** Ranges nearer to each other than this, in bytes, are sent as one: a part of its own is larger. */
const GAP = 80;

/**
 * Selects the bytes that ranges name of an image. Ranges that overlap or nearly touch are merged.
 *
 * @param specs The ranges of the request.
 * @param size Size of the image in bytes.
 * @returns The spans, in the order of the request; none if no range can be satisfied. `undefined` if
 * there are more than 64 ranges: the header is then ignored, as nginx and Apache do.
 */
export function spansOf(specs: readonly RangeSpec[], size: number): Span[] | undefined {
  if (specs.length > MAX_RANGES) return undefined;
  const spans: Span[] = [];
  for (const spec of specs) {
    const start = "suffix" in spec ? Math.max(0, size - spec.suffix) : spec.first;
    const end = "suffix" in spec || spec.last === undefined ? size : Math.min(size, spec.last + 1);
    if (start < end) spans.push({ start, end });
  }
  return mergeSpans(spans);
}

function mergeSpans(spans: Span[]): Span[] {
  const result: Span[] = [];
  for (let span of spans) {
    for (let i = 0; i < result.length;) {
      const other = result[i]!;
      if (span.start <= other.end + GAP && other.start <= span.end + GAP) {
        span = { start: Math.min(span.start, other.start), end: Math.max(span.end, other.end) };
        result.splice(i, 1);
        // The merged span may touch those that were compared before.
        i = 0;
      } else {
        i++;
      }
    }
    result.push(span);
  }
  return result;
}
