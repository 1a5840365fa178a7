/**
 * Byte ranges as HTTP writes them: `Range`, `Content-Range` (RFC 9110, section 14).
 *
 * @module
 */
import { parseCount } from "../streams/encoding.ts";
import type { ByteRange } from "../streams/mod.ts";

/**
 * Formats a `Range` header (RFC 9110, section 14.2).
 *
 * @param range The first byte, from 0, and the number of bytes. Without a number it goes to the end.
 * @returns The value of the header, or `undefined` if the range is everything.
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
  /** First byte; `undefined` in the response to a range that cannot be satisfied. */
  first: number | undefined;
  /** Last byte, inclusive. */
  last: number | undefined;
  /** Size of the whole in bytes, where the server knows it. */
  total: number | undefined;
}

/**
 * Parses a `Content-Range` header (RFC 9110, section 14.4).
 *
 * @param header The value of the header, or `null` if the response has none.
 * @returns First and last byte and the size of the whole, or `undefined` if the value is not valid.
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
  const [first, last, total] = match?.slice(1).map(parseCount) ?? [];
  if (first === undefined && last === undefined) {
    return total === undefined ? undefined : { first, last, total };
  }
  const isRange = first! <= last! && last! < (total ?? Infinity);
  return isRange ? { first, last, total } : undefined;
}

/**
 * Writes a `Content-Range` header (RFC 9110, section 14.4).
 *
 * @param span The bytes that are sent, the end excluded; `undefined` in a 416 response.
 * @param size Size of the whole in bytes.
 * @returns The value of the header.
 *
 * @example Writing
 * ```ts
 * import { formatContentRange } from "./ranges.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatContentRange({ start: 0, end: 10 }, 100), "bytes 0-9/100");
 * assertEquals(formatContentRange(undefined, 7).slice(-2), "/7");
 * ```
 */
export function formatContentRange(
  span: { start: number; end: number } | undefined,
  size: number,
): string {
  return span ? `bytes ${span.start}-${span.end - 1}/${size}` : `bytes */${size}`;
}

/** One range-spec: from a byte to another (included) or to the end; or a number of last bytes. */
export type RangeSpec = { first: number; last: number | undefined } | { suffix: number };

/**
 * Parses a `Range` header (RFC 9110, section 14.2).
 *
 * @param value The value of the header, or `null` where there is none.
 * @returns The ranges, or `undefined` if the whole is to be sent: there is no such header, its unit is
 * not `bytes`, or it is not valid.
 *
 * @example Parsing
 * ```ts
 * import { parseRange } from "./ranges.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseRange("bytes=0-9,-5"), [{ first: 0, last: 9 }, { suffix: 5 }]);
 * assertEquals(parseRange("lines=0-9"), undefined);
 * ```
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

/** Reads a decimal number of any length. Numbers that are too large become the largest integer. */
function toInteger(digits: string): number | undefined {
  return digits === "" ? undefined : Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
}
