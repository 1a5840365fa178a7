/**
 * The lines of the progress display.
 *
 * @module
 */
import { visibleText } from "../errors/visible_text.ts";
import type { TreeProgress } from "../vfs/mod.ts";
import { columnsOf, formatDuration, formatSize, shortened, truncated } from "./text.ts";

const WIDTH = 24;
/** A bar of fewer columns is left out. */
const MIN_BAR = 6;
/** The columns that the bar leaves to the name. */
const MIN_NAME = 16;

/** How far all images of a command are. */
export type Totals = Omit<TreeProgress, "running">;

/**
 * Returns the line of an operation on a tree.
 *
 * @param progress How far it is.
 * @param seconds The number of seconds so far.
 * @param columns The columns of the terminal.
 * @returns The line, which takes at most that many columns.
 */
export function treeProgressText(
  { images, totalImages, bytes, totalBytes, isListed }: Totals,
  seconds: number,
  columns: number,
): string {
  const rate = seconds > 0 ? bytes / seconds : 0;
  const more = isListed ? "" : "+";
  const facts = [
    `${images} of ${totalImages}${more} images`,
    // The sizes of some may not be known.
    bytes > totalBytes
      ? formatSize(bytes)
      : `${formatSize(bytes)} of ${formatSize(totalBytes)}${more}`,
    `${formatSize(Math.round(rate))}/s`,
  ];
  if (isListed && rate > 0 && totalBytes >= bytes) {
    facts.push(`${formatDuration((totalBytes - bytes) / rate)} left`);
  }
  while (facts.length > 1 && facts.join("  ").length > columns) facts.pop();
  return truncated(facts.join("  "), columns);
}

/** How far a transfer is. */
export interface Transfer {
  /** What is transferred. */
  name: string;
  /** Its size in bytes, if known. */
  size: number | undefined;
  /** The number of bytes so far. */
  bytes: number;
  /** The number of bytes that were unpacked so far. Default: nothing is unpacked. */
  unpacked?: number | undefined;
  /** The number of seconds so far. */
  seconds: number;
  /** How many transfers run beside it. Default: 0. */
  others?: number;
}

/**
 * Returns the line of a transfer.
 *
 * @param transfer How far it is.
 * @param columns The columns of the terminal. The middle of a long name is left out.
 * @returns The line, which takes at most that many columns.
 */
export function progressText(
  { name, size, bytes, unpacked, seconds, others = 0 }: Transfer,
  columns: number,
): string {
  const rate = seconds > 0 ? bytes / seconds : 0;
  const speed = `${formatSize(Math.round(rate))}/s`;
  const more = others > 0 ? [`+${others}`] : [];
  const inside = unpacked === undefined ? [] : [`${formatSize(unpacked)} unpacked`];
  const shown = visibleText(name);
  const least = Math.min(columnsOf(shown), MIN_NAME);
  if (!size) {
    const counts = [formatSize(bytes), ...inside, speed, ...more];
    return lineOf(shown, [counts, [formatSize(bytes), speed, ...more], more], least, columns);
  }
  const part = Math.min(1, bytes / size);
  const percent = `${Math.floor(part * 100)}%`;
  const left = rate > 0 ? [`${formatDuration(Math.max(0, size - bytes) / rate)} left`] : [];
  const counts = [percent, `${formatSize(bytes)} of ${formatSize(size)}`];
  const all = [...counts, ...inside, speed, ...left, ...more];
  const width = Math.min(WIDTH, columns - restOf(all).length - MIN_NAME - "  []".length);
  const bar = "#".repeat(Math.floor(part * Math.max(0, width))).padEnd(width, ".");
  const facts = [all, [...counts, speed, ...left, ...more], [percent, speed, ...left, ...more], [
    percent,
    ...more,
  ]];
  if (width >= MIN_BAR) facts.unshift([`[${bar}]`, ...all]);
  return lineOf(shown, facts, least, columns);
}

/** Returns a name with the most facts that leave the least number of columns to it. */
function lineOf(
  name: string,
  facts: readonly (readonly string[])[],
  least: number,
  columns: number,
): string {
  const rests = facts.map(restOf);
  const rest = rests.find(({ length }) => columns - length >= least) ?? rests.at(-1)!;
  return truncated(shortened(name, columns - columnsOf(rest)) + rest, columns);
}

function restOf(facts: readonly string[]): string {
  return facts.map((fact) => `  ${fact}`).join("");
}
