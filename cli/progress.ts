/**
 * A progress bar with rate and time left, on a terminal alone.
 *
 * @module
 */
import { formatDuration, formatSize } from "./output.ts";

const WIDTH = 24;
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
    write(`\r\x1b[K${this.#text((now - this.#start) / 1000)}`);
  }

  #text(seconds: number): string {
    const rate = this.#bytes / seconds;
    const done = formatSize(this.#bytes);
    if (!this.#size) return `${this.#name}  ${done}  ${formatSize(Math.round(rate))}/s`;
    const part = Math.min(1, this.#bytes / this.#size);
    const bar = "#".repeat(Math.floor(part * WIDTH)).padEnd(WIDTH, ".");
    const left = formatDuration((this.#size - this.#bytes) / rate);
    return `${this.#name}  [${bar}] ${Math.floor(part * 100)}%  ` +
      `${done} of ${formatSize(this.#size)}  ${formatSize(Math.round(rate))}/s  ${left} left`;
  }

  /** Wipes the bar away. */
  [Symbol.dispose](): void {
    if (this.#enabled && this.#drawn > 0) write("\r\x1b[K");
  }
}

function write(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}
