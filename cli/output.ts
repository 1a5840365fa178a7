/**
 * Standard output of a command: JSON for programs, lines and tables for people.
 *
 * @module
 */
import { visibleText } from "../errors/visible_text.ts";
import { clearProgress } from "./progress.ts";
import { columnsOf, printable } from "./text.ts";

/** How many characters of lines are written at once. */
const BATCH = 64 * 1024;
/** How long a line waits for others while they come, in milliseconds. */
const LONGEST_WAIT = 100;

/** Writes to standard output. */
export class Output {
  readonly #signal: AbortSignal | undefined;

  /**
   * Creates the output of one command.
   *
   * @param signal Aborts a write into a pipe that nobody empties.
   */
  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /**
   * Writes bytes, all of them.
   *
   * @param bytes The bytes.
   * @throws {Deno.errors.BrokenPipe} If nobody reads the output any more.
   */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      at += await abortable(Deno.stdout.write(bytes.subarray(at)), this.#signal);
    }
  }

  /**
   * Writes a line, with control characters made visible.
   *
   * @param text The line. Default: empty.
   */
  async line(text = ""): Promise<void> {
    await this.#writeText(`${printable(text)}\n`);
  }

  /**
   * Writes many lines, several at once, with control characters made visible.
   *
   * @param texts The lines. When they end with an error, those before it have been written.
   */
  async lines(texts: Iterable<string> | AsyncIterable<string>): Promise<void> {
    let batch = "";
    let last = performance.now();
    const flush = async () => {
      const text = batch;
      batch = "";
      if (text !== "") await this.#writeText(text);
      last = performance.now();
    };
    const add = (text: string) => {
      batch += `${printable(text)}\n`;
      return batch.length >= BATCH || performance.now() - last >= LONGEST_WAIT;
    };
    try {
      if (Symbol.iterator in texts) { for (const text of texts) if (add(text)) await flush(); }
      else for await (const text of texts) if (add(text)) await flush();
    } finally {
      await flush();
    }
  }

  /**
   * Writes a value as JSON, with invisible characters escaped.
   *
   * @param value The value.
   */
  async json(value: unknown): Promise<void> {
    // In JSON, invisible characters stand in strings only, where their escapes mean the same.
    const text = printable(JSON.stringify(value, null, 2));
    await this.write(new TextEncoder().encode(`${text}\n`));
  }

  /**
   * Writes a value as one line of JSON, with invisible characters escaped.
   *
   * @param value The value.
   */
  async jsonLine(value: unknown): Promise<void> {
    await this.line(JSON.stringify(value));
  }

  /**
   * Writes rows in columns that are aligned, whatever the width of their letters.
   *
   * @param rows The rows, each a list of cells.
   * @param right The columns whose cells stand at the right, numbers for example. Default: none.
   */
  async table(rows: readonly (readonly string[])[], right: readonly number[] = []): Promise<void> {
    const cells = rows.map((row) => row.map(visibleText));
    const widths: number[] = [];
    for (const row of cells) {
      for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, columnsOf(cell));
    }
    await this.lines(cells.map((row) => {
      const padded = row.map((cell, i) => {
        const space = " ".repeat(widths[i]! - columnsOf(cell));
        return right.includes(i) ? space + cell : cell + space;
      });
      return padded.join("  ").trimEnd();
    }));
  }

  async #writeText(text: string): Promise<void> {
    clearProgress();
    await this.write(new TextEncoder().encode(text));
  }
}

/**
 * Waits for work that cannot be cancelled, or for an abort.
 *
 * @typeParam T What the work resolves to.
 * @param work The work, which goes on after an abort.
 * @param signal The abort signal.
 * @returns What the work resolves to.
 * @throws {unknown} The reason of the abort.
 */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  // Nobody waits for it after an abort.
  work.catch(() => {});
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
