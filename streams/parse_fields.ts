/**
 * Numbers and dates in text from outside: headers, XML, JSON. What does not parse is unknown, and
 * unknown is `undefined`, never zero.
 *
 * @module
 */

/** HTTP dates: IMF-fixdate, and the two obsolete forms that must be accepted (RFC 9110, section 5.6.7). */
const HTTP_DATES = [
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/** Dates of ISO 8601 with a time: `2026-03-01T12:00:00.123Z`, with or without fraction and zone. */
const ISO_DATE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})?$/;

/**
 * Parses a number of bytes, items or seconds.
 *
 * @param value A number, or text of decimal digits.
 * @returns The number, or `undefined` if it is negative, has a fraction, is too large to be exact, or is
 * something else.
 */
export function parseCount(value: unknown): number | undefined {
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) && number as number >= 0 ? number as number : undefined;
}

/**
 * Parses a date of HTTP (RFC 9110, section 5.6.7).
 *
 * @param value The text.
 * @returns The date, or `undefined` if the text is not one.
 */
export function parseHttpDate(value: unknown): Date | undefined {
  if (typeof value !== "string" || !HTTP_DATES.some((form) => form.test(value))) return undefined;
  // The third form has no zone and means GMT all the same.
  return validDate(value.endsWith("GMT") ? value : `${value} GMT`);
}

/**
 * Parses a date and time of ISO 8601. Without a zone it is in UTC, as in the listings of Swift.
 *
 * @param value The text.
 * @returns The date, or `undefined` if the text is not one.
 */
export function parseIsoDate(value: unknown): Date | undefined {
  const match = typeof value === "string" ? ISO_DATE.exec(value) : null;
  if (match === null) return undefined;
  return validDate(match[1] === undefined ? `${match[0]}Z` : match[0]);
}

function validDate(text: string): Date | undefined {
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : new Date(time);
}
