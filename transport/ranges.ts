/**
 * Byte ranges as HTTP writes them: `Range`, `Content-Range` (RFC 9110, section 14).
 *
 * @module
 */
import type { ByteRange } from "../streams/mod.ts";

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
