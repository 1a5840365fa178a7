/**
 * Text for people: visible characters, columns of a terminal, sizes, dates and durations.
 *
 * @module
 */
import { unicodeWidth } from "@std/cli/unicode-width";
import { visibleText } from "../errors/visible_text.ts";

/**
 * Makes visible what steers a terminal or cannot be seen, in every line of a text.
 *
 * @param text Lines with names, errors or other text from outside.
 * @returns The lines as they may be printed.
 */
export function printable(text: string): string {
  return isPlain(text) ? text : text.split("\n").map(visibleText).join("\n");
}

/**
 * Returns how many columns of a terminal a text takes.
 *
 * @param text The text, without control characters.
 * @returns The number of columns: 2 for letters of East Asia and pictures, 0 for combining marks.
 */
export function columnsOf(text: string): number {
  return isPlain(text) ? text.length : unicodeWidth(text);
}

/** Returns whether a text has nothing but the visible characters of ASCII and blanks, as most have. */
function isPlain(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

/**
 * Cuts a text to a number of columns, in its middle.
 *
 * @param text The text.
 * @param columns The number of columns that there are.
 * @returns The text, or its beginning and end with `…` in between.
 */
export function shortened(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  const half = Math.max(0, columns - 1) >> 1;
  const end = truncated([...text].reverse().join(""), half);
  return `${truncated(text, columns - 1 - half)}…${[...end].reverse().join("")}`;
}

/**
 * Cuts a text to a number of columns, at its end.
 *
 * @param text The text.
 * @param columns The number of columns that there are.
 * @returns The beginning that fits.
 */
export function truncated(text: string, columns: number): string {
  let result = "";
  let width = 0;
  for (const char of text) {
    width += columnsOf(char);
    if (width > columns) break;
    result += char;
  }
  return result;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/**
 * Formats a number of bytes: `4.0 MiB`.
 *
 * @param bytes The number, or `undefined` if nobody knows it.
 * @returns The text; `?` for `undefined`.
 */
export function formatSize(bytes: number | undefined): string {
  if (bytes === undefined) return "?";
  const unit = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  return `${unit === 0 ? bytes : (bytes / 1024 ** unit).toFixed(1)} ${UNITS[unit]}`;
}

/**
 * Formats a time to the second, in UTC: `2026-03-01 12:00:00`.
 *
 * @param time The time, or nothing if nobody knows it.
 * @returns The text; `-` for no time.
 */
export function formatTime(time: Date | null | undefined): string {
  return time ? time.toISOString().slice(0, 19).replace("T", " ") : "-";
}

/**
 * Formats a duration: `1:02:03` or `2:03`.
 *
 * @param seconds The duration in seconds.
 * @returns The text.
 */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, i) => i === 0 ? `${part}` : `${part}`.padStart(2, "0")).join(":");
}
