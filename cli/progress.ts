/**
 * A progress bar with rate and time left, on a terminal alone.
 *
 * @module
 */
import { formatDuration, formatSize, printable } from "./output.ts";

const WIDTH = 24;
/** A narrower bar is left out. */
const LEAST_BAR = 6;
/** Columns that the bar leaves to the name. */
const LEAST_NAME = 16;
/** Time between two drawings, in milliseconds. */
const EVERY = 100;

/** Sees the chunks of a transfer and draws how far it is. */
export class Progress implements Disposable {
  readonly #name: string;
  readonly #size: number | undefined;
  readonly #enabled = Deno.stderr.isTerminal();
  readonly #start = performance.now();
  #drawn = 0;
  #bytes = 0;

  /** Begins at 0 of `size` bytes; `undefined` where nobody knows. */
  constructor(name: string, size: number | undefined) {
    this.#name = name;
    this.#size = size;
  }

  /** Counts a chunk. */
  update(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    const now = performance.now();
    if (!this.#enabled || now - this.#drawn < EVERY) return;
    this.#drawn = now;
    const text = progressText({
      name: this.#name,
      size: this.#size,
      bytes: this.#bytes,
      seconds: (now - this.#start) / 1000,
    }, (Deno.consoleSize().columns || 80) - 1);
    write(`\r\x1b[K${text}`);
  }

  /** Wipes the bar away. */
  [Symbol.dispose](): void {
    if (this.#enabled && this.#drawn > 0) write("\r\x1b[K");
  }
}

/** How far a transfer is. */
interface Transfer {
  name: string;
  /** In bytes, where known. */
  size: number | undefined;
  /** Bytes so far. */
  bytes: number;
  /** Seconds so far. */
  seconds: number;
}

/** The bar, in at most `columns` of a terminal: of a long name the middle is left out. */
export function progressText(
  { name, size, bytes, seconds }: Transfer,
  columns: number,
): string {
  const rate = bytes / seconds;
  const speed = `${formatSize(Math.round(rate))}/s`;
  let rest = `  ${formatSize(bytes)}  ${speed}`;
  if (size) {
    const part = Math.min(1, bytes / size);
    const done = `${Math.floor(part * 100)}%  ${formatSize(bytes)} of ${formatSize(size)}`;
    const facts = `  ${done}  ${speed}  ${formatDuration((size - bytes) / rate)} left`;
    const width = Math.min(WIDTH, columns - facts.length - LEAST_NAME - "  []".length);
    const bar = "#".repeat(Math.floor(part * Math.max(0, width))).padEnd(width, ".");
    rest = width < LEAST_BAR ? facts : `  [${bar}]${facts}`;
  }
  return cut(
    shortened(printable(name).replaceAll("\n", " "), columns - rest.length) + rest,
    columns,
  );
}

/** Text with its middle left out, where it is longer. */
function shortened(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  const half = Math.max(0, columns - 1) >> 1;
  const end = cut([...text].reverse().join(""), half);
  return `${cut(text, columns - 1 - half)}…${[...end].reverse().join("")}`;
}

/** As much of a text as fits. */
function cut(text: string, columns: number): string {
  let result = "";
  let width = 0;
  for (const char of text) {
    width += widthOf(char);
    if (width > columns) break;
    result += char;
  }
  return result;
}

/** Letters that take two columns: those of East Asia, and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

function widthOf(text: string): number {
  return [...text].reduce((width, char) => width + (WIDE.test(char) ? 2 : 1), 0);
}

function write(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}
