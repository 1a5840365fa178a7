/**
 * Byte ranges as HTTP writes them: `Range`, `Content-Range` (RFC 9110, section 14).
 *
 * @module
 */
import type { ByteRange } from "../streams/mod.ts";

/** One range of a `Range` header, none of it resolved against a size yet. */
export type RangeSpec =
  /** From byte `first` to byte `last`, inclusive, or to the end. */
  | { first: number; last: number | undefined }
  /** The last `suffix` bytes. */
  | { suffix: number };

/**
 * Reads a `Range` header. `undefined` where it is to be ignored: another unit, or a syntax error
 * (RFC 9110, section 14.2).
 *
 * @example A header of two ranges
 * ```ts
 * import { parseRange } from "./ranges.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseRange("bytes=0-9, -5"), [{ first: 0, last: 9 }, { suffix: 5 }]);
 * assertEquals(parseRange("bytes=9-0"), undefined);
 * ```
 */
export function parseRange(header: string): RangeSpec[] | undefined {
  const set = /^bytes=(.*)$/is.exec(header)?.[1];
  if (set === undefined) return undefined;
  const specs: RangeSpec[] = [];
  for (const item of set.split(",")) {
    const text = item.trim();
    if (text === "") continue;
    const match = /^(\d*)-(\d*)$/.exec(text);
    if (match === null || text === "-") return undefined;
    const [first, last] = [match[1]!, match[2]!].map((digits) =>
      digits === "" ? undefined : Math.min(Number(digits), Number.MAX_SAFE_INTEGER)
    );
    if (first === undefined) specs.push({ suffix: last! });
    else if (last !== undefined && last < first) return undefined;
    else specs.push({ first, last });
  }
  return specs.length === 0 ? undefined : specs;
}

/**
 * The bytes that a range selects of `size` bytes, or `undefined` where it cannot be satisfied.
 *
 * @example The last bytes
 * ```ts
 * import { resolveRange } from "./ranges.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(resolveRange({ suffix: 3 }, 10), { offset: 7, length: 3 });
 * assertEquals(resolveRange({ first: 10, last: undefined }, 10), undefined);
 * ```
 */
export function resolveRange(
  spec: RangeSpec,
  size: number,
): { offset: number; length: number } | undefined {
  if ("suffix" in spec) {
    const length = Math.min(spec.suffix, size);
    return length === 0 ? undefined : { offset: size - length, length };
  }
  if (spec.first >= size) return undefined;
  const last = Math.min(spec.last ?? size - 1, size - 1);
  return { offset: spec.first, length: last - spec.first + 1 };
}

/**
 * The `Range` header of a range, or `undefined` where the range is everything.
 *
 * @example Printing
 * ```ts
 * import { formatRange } from "./ranges.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatRange({ offset: 5, length: 10 }), "bytes=5-14");
 * assertEquals(formatRange({ offset: 5, length: undefined }), "bytes=5-");
 * assertEquals(formatRange({ offset: 0, length: undefined }), undefined);
 * ```
 */
export function formatRange({ offset, length }: ByteRange): string | undefined {
  if (length !== undefined) return `bytes=${offset}-${offset + length - 1}`;
  return offset === 0 ? undefined : `bytes=${offset}-`;
}

/** What a `Content-Range` header says. */
export interface ContentRange {
  /** First byte; `undefined` in the answer to a range that cannot be satisfied. */
  first: number | undefined;
  /** Last byte, inclusive. */
  last: number | undefined;
  /** Size of the whole in bytes, where the server knows it. */
  total: number | undefined;
}

/**
 * Reads a `Content-Range` header (RFC 9110, section 14.4); `undefined` if it is not a valid one.
 *
 * @example Reading
 * ```ts
 * import { parseContentRange } from "./ranges.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseContentRange("bytes 0-9/10"), { first: 0, last: 9, total: 10 });
 * assertEquals(parseContentRange("bytes 0-9/5"), undefined);
 * ```
 */
export function parseContentRange(header: string | null): ContentRange | undefined {
  const match = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/i.exec(header?.trim() ?? "");
  if (match === null) return undefined;
  const [first, last, total] = [match[1], match[2], match[3]].map((digits) =>
    digits === undefined || digits === "*" ? undefined : Number(digits)
  );
  if (first === undefined) return total === undefined ? undefined : { first, last, total };
  if (last! < first || (total !== undefined && last! >= total)) return undefined;
  return Number.isSafeInteger(last) ? { first, last, total } : undefined;
}

/**
 * A `Content-Range` header, for a range or, without one, for the answer 416.
 *
 * @example Printing
 * ```ts
 * import { formatContentRange } from "./ranges.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatContentRange({ offset: 2, length: 3 }, 10), "bytes 2-4/10");
 * assertEquals(formatContentRange(undefined, 10), "bytes *" + "/10");
 * ```
 */
export function formatContentRange(
  range: { offset: number; length: number } | undefined,
  total: number,
): string {
  if (range === undefined) return `bytes */${total}`;
  return `bytes ${range.offset}-${range.offset + range.length - 1}/${total}`;
}
