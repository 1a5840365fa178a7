/**
 * A progress bar with rate and time left, drawn on terminals only.
 *
 * @module
 */
import type { TreeProgress } from "../vfs/mod.ts";
import type { RateLimit } from "../vfs/rate_limit.ts";
import { visibleText } from "../errors/visible_text.ts";
import { columnsOf, formatDuration, formatSize, shortened, truncated } from "./text.ts";

const WIDTH = 24;
/** A bar of fewer columns is left out. */
const MIN_BAR = 6;
/** The columns that the bar leaves to the name. */
const MIN_NAME = 16;
/** The time between two drawings, in milliseconds. */
const INTERVAL = 100;

/** The transfers under way. They share one line, which shows the oldest. */
const active = new Set<Progress>();
let lastDrawing = 0;

/** Counts the chunks of a transfer and draws how far it is. */
export class Progress implements Disposable {
  readonly #name: string;
  readonly #size: number | undefined;
  readonly #enabled = Deno.stderr.isTerminal();
  readonly #start = performance.now();
  readonly #limit: RateLimit | undefined;
  readonly #signal: AbortSignal | undefined;
  #bytes = 0;

  /**
   * Starts at 0 bytes.
   *
   * @param name What is transferred.
   * @param size Its size in bytes, if known.
   * @param limit Holds the transfer to a rate. Default: none.
   * @param signal Ends the wait for that rate.
   */
  constructor(
    name: string,
    size: number | undefined,
    limit?: RateLimit,
    signal?: AbortSignal,
  ) {
    this.#limit = limit;
    this.#signal = signal;
    this.#name = name;
    this.#size = size;
    active.add(this);
  }

  /**
   * Counts a chunk, and draws the line if it is time to.
   *
   * @param chunk The chunk.
   * @returns Resolves when the next chunk may pass; `undefined` where there is no limit.
   */
  update(chunk: Uint8Array): Promise<void> | undefined {
    this.#bytes += chunk.length;
    this.#draw();
    return this.#limit?.pass(chunk.length, this.#signal);
  }

  #draw(): void {
    const now = performance.now();
    if (!this.#enabled || now - lastDrawing < INTERVAL) return;
    const [oldest] = active;
    if (oldest !== this) return;
    lastDrawing = now;
    const text = progressText({
      name: this.#name,
      size: this.#size,
      bytes: this.#bytes,
      seconds: (now - this.#start) / 1000,
      others: active.size - 1,
    }, (Deno.consoleSize().columns || 80) - 1);
    write(`\r\x1b[K${text}`);
  }

  /** Ends the transfer, and wipes the line if it was the last. */
  [Symbol.dispose](): void {
    active.delete(this);
    if (this.#enabled && active.size === 0 && lastDrawing > 0) clearProgress();
  }
}

/** Wipes the progress bar, so that a line can be written in its place. */
export function clearProgress(): void {
  if (lastDrawing === 0) return;
  lastDrawing = 0;
  write("\r\x1b[K");
}

/**
 * Draws how far an operation on a tree is, if it is time to and standard error is a terminal.
 *
 * @param progress How far it is.
 * @param started When it began, as `performance.now` says it.
 */
export function drawTreeProgress(progress: TreeProgress, started: number): void {
  const now = performance.now();
  if (now - lastDrawing < INTERVAL || !Deno.stderr.isTerminal()) return;
  lastDrawing = now;
  const columns = (Deno.consoleSize().columns || 80) - 1;
  write(`\r\x1b[K${treeProgressText(progress, (now - started) / 1000, columns)}`);
}

/**
 * Returns the line of an operation on a tree.
 *
 * @param progress How far it is.
 * @param seconds The number of seconds so far.
 * @param columns The columns of the terminal.
 * @returns The line, which takes at most that many columns.
 */
export function treeProgressText(
  { images, totalImages, bytes, totalBytes, isListed }: TreeProgress,
  seconds: number,
  columns: number,
): string {
  const rate = bytes / seconds;
  const more = isListed ? "" : "+";
  const facts = [
    `${images} of ${totalImages}${more} images`,
    `${formatSize(bytes)} of ${formatSize(totalBytes)}${more}`,
    `${formatSize(Math.round(rate))}/s`,
  ];
  if (isListed && rate > 0 && totalBytes >= bytes) {
    facts.push(`${formatDuration((totalBytes - bytes) / rate)} left`);
  }
  return truncated(facts.join("  "), columns);
}

/** How far a transfer is. */
interface Transfer {
  /** What is transferred. */
  name: string;
  /** Its size in bytes, if known. */
  size: number | undefined;
  /** The number of bytes so far. */
  bytes: number;
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
  { name, size, bytes, seconds, others = 0 }: Transfer,
  columns: number,
): string {
  const rate = bytes / seconds;
  const speed = `${formatSize(Math.round(rate))}/s`;
  const more = others > 0 ? `  +${others}` : "";
  let rest = `  ${formatSize(bytes)}  ${speed}${more}`;
  if (size) {
    const part = Math.min(1, bytes / size);
    const done = `${Math.floor(part * 100)}%  ${formatSize(bytes)} of ${formatSize(size)}`;
    const facts = `  ${done}  ${speed}  ${formatDuration((size - bytes) / rate)} left${more}`;
    const width = Math.min(WIDTH, columns - facts.length - MIN_NAME - "  []".length);
    const bar = "#".repeat(Math.floor(part * Math.max(0, width))).padEnd(width, ".");
    rest = width < MIN_BAR ? facts : `  [${bar}]${facts}`;
  }
  return truncated(shortened(visibleText(name), columns - columnsOf(rest)) + rest, columns);
}

function write(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}
