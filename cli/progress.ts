/**
 * The progress display, drawn on terminals only: the totals of many images, and a line with a bar, the rate
 * and the time left for each transfer under way. For programs it is lines of JSON instead.
 *
 * @module
 */
import type { ImportProgress } from "../vfs/import/mod.ts";
import type { TreeProgress } from "../vfs/mod.ts";
import type { RateLimit } from "../vfs/rate_limit.ts";
import { progressText, type Totals, treeProgressText } from "./progress_text.ts";
import { printable } from "./text.ts";

/** The time between two drawings, in milliseconds. */
const INTERVAL = 100;
/** How many transfers have a line of their own. */
const MAX_LINES = 8;

/** What the bytes of a transfer are: those that were stored, or compared with digests that are known. */
export type Phase = "store" | "verify";

/** The transfers under way. */
const active = new Set<Progress>();
/** What they are part of. */
let totals: TotalProgress | undefined;
let lastDrawing = 0;
/** The number of lines that the display takes on the terminal. */
let drawnLines = 0;
/** Whether progress is written as JSON. */
let isJson = false;

/**
 * Chooses the form in which progress is written.
 *
 * @param isForPrograms Whether it is written as lines of JSON, in place of the display on a terminal.
 */
export function setJsonProgress(isForPrograms: boolean): void {
  isJson = isForPrograms;
}

/** Options of a {@linkcode Progress}. */
export interface ProgressOptions {
  /** What the bytes of the transfer are. Default: `store`. */
  phase?: Phase | undefined;
  /** Holds the transfer to a rate. Default: none. */
  limit?: RateLimit | undefined;
  /** Ends the wait for that rate. */
  signal?: AbortSignal | undefined;
}

/** Counts the chunks of a transfer and draws how far it is. */
export class Progress implements Disposable {
  readonly #name: string;
  readonly #size: number | undefined;
  readonly #start = performance.now();
  readonly #options: ProgressOptions;
  #bytes = 0;
  #incoming: ImportProgress | undefined;
  #lastReport = -Infinity;

  /**
   * Starts at 0 bytes.
   *
   * @param name What is transferred.
   * @param size Its size in bytes, if known.
   * @param options What the bytes are, and the rate that the transfer is held to.
   */
  constructor(name: string, size: number | undefined, options: ProgressOptions = {}) {
    this.#name = name;
    this.#size = size;
    this.#options = options;
    active.add(this);
  }

  /**
   * Counts a chunk, and draws the display if it is time to.
   *
   * @param chunk The chunk.
   * @param moved How many of its bytes are moved, and held to the rate. Default: all.
   * @returns Resolves when the next chunk may pass; `undefined` where there is no limit.
   */
  update(chunk: Uint8Array, moved: number = chunk.length): Promise<void> | undefined {
    this.#bytes += chunk.length;
    totals?.count(chunk.length);
    if (isJson) this.#report();
    else drawActive();
    const { limit, signal } = this.#options;
    return limit?.pass(moved, signal);
  }

  /**
   * Takes how far an import is, of which only what is stored is counted otherwise.
   *
   * @param progress How many bytes were fetched and unpacked.
   */
  updateImport(progress: ImportProgress): void {
    this.#incoming = progress;
  }

  /**
   * Returns the line of the transfer.
   *
   * @param columns The number of columns that it may take.
   * @param others How many transfers under way have no line.
   * @returns The line.
   */
  line(columns: number, others: number): string {
    const seconds = (performance.now() - this.#start) / 1000;
    const { fetched = this.#bytes, total = this.#size, unpacked } = this.#incoming ?? {};
    const transfer = { name: this.#name, size: total, bytes: fetched, unpacked, seconds, others };
    return progressText(transfer, columns);
  }

  /** Writes how far each phase of the transfer is, if it is time to. */
  #report(): void {
    const now = performance.now();
    if (now - this.#lastReport < INTERVAL) return;
    this.#lastReport = now;
    const { fetched, total, unpacked } = this.#incoming ?? {};
    const phases = [
      { phase: "fetch", bytes: fetched, total },
      { phase: "unpack", bytes: unpacked },
      { phase: this.#options.phase ?? "store", bytes: this.#bytes, total: this.#size },
    ];
    for (const phase of phases) {
      if (phase.bytes === undefined) continue;
      writeJson({ image: this.#name, ...phase });
    }
  }

  /** Ends the transfer, and wipes the display if it was the last. */
  [Symbol.dispose](): void {
    this.#lastReport = -Infinity;
    if (isJson) this.#report();
    active.delete(this);
    if (active.size === 0) clearProgress();
  }
}

/** Counts all images of a command, of which several may be under way. */
export class TotalProgress implements Disposable {
  readonly #start = performance.now();
  readonly #totals: Totals = {
    images: 0,
    totalImages: 0,
    bytes: 0,
    totalBytes: 0,
    isListed: false,
  };

  /** Starts with no images. */
  constructor() {
    totals = this;
  }

  /**
   * Counts images while they are listed.
   *
   * @typeParam T The images, each with its size in bytes where that is known.
   * @param images The images.
   * @returns The same images.
   */
  async *listed<T extends { size?: number | undefined }>(
    images: AsyncIterable<T>,
  ): AsyncGenerator<T> {
    for await (const image of images) {
      this.#totals.totalImages++;
      this.#totals.totalBytes += image.size ?? 0;
      yield image;
    }
    this.#totals.isListed = true;
  }

  /**
   * Counts bytes that were transferred.
   *
   * @param bytes Their number.
   */
  count(bytes: number): void {
    this.#totals.bytes += bytes;
  }

  /** Counts an image that is done. */
  done(): void {
    this.#totals.images++;
  }

  /**
   * Returns the line of the totals.
   *
   * @param columns The number of columns that it may take.
   * @returns The line; none for one image.
   */
  lines(columns: number): string[] {
    if (this.#totals.totalImages < 2) return [];
    return [treeProgressText(this.#totals, (performance.now() - this.#start) / 1000, columns)];
  }

  /** Ends the count, and wipes the display. */
  [Symbol.dispose](): void {
    totals = undefined;
    clearProgress();
  }
}

/** Wipes the progress display, so that a line can be written in its place. */
export function clearProgress(): void {
  if (drawnLines === 0) return;
  write(wiping());
  drawnLines = 0;
  lastDrawing = 0;
}

/** Shows how far an operation on a tree is. */
export class TreeDisplay implements Disposable {
  readonly #phase: Phase;
  readonly #start = performance.now();
  #progress: TreeProgress | undefined;
  #lastReport = -Infinity;

  /**
   * Starts with nothing to show.
   *
   * @param phase What the bytes of the operation are.
   */
  constructor(phase: Phase) {
    this.#phase = phase;
  }

  /**
   * Shows how far the operation is, if it is time to.
   *
   * @param progress How far it is.
   */
  update(progress: TreeProgress): void {
    this.#progress = progress;
    if (isJson) this.#report(progress);
    else this.#draw(progress);
  }

  #draw(progress: TreeProgress): void {
    draw((columns, count) => {
      const seconds = (performance.now() - this.#start) / 1000;
      const shown = progress.running.slice(0, count - 1);
      const others = progress.running.length - shown.length;
      return [
        treeProgressText(progress, seconds, columns),
        ...shown.map(({ path, ...transfer }, at) => {
          const isLast = at === shown.length - 1;
          return progressText({ name: path, ...transfer, others: isLast ? others : 0 }, columns);
        }),
      ];
    });
  }

  #report({ running, totalBytes, ...progress }: TreeProgress): void {
    const now = performance.now();
    if (now - this.#lastReport < INTERVAL) return;
    this.#lastReport = now;
    const phase = this.#phase;
    for (const { path, bytes, size } of running) {
      writeJson({ image: path, phase, bytes, total: size });
    }
    writeJson({ phase, ...progress, total: totalBytes });
  }

  /** Writes the totals for programs, or wipes the display. */
  [Symbol.dispose](): void {
    this.#lastReport = -Infinity;
    if (isJson && this.#progress) this.#report(this.#progress);
    clearProgress();
  }
}

/** Draws the transfers under way, and the totals of which they are part. */
function drawActive(): void {
  draw((columns, count) => {
    const lines = totals?.lines(columns) ?? [];
    const shown = [...active].slice(0, Math.max(1, count - lines.length));
    const others = active.size - shown.length;
    return [
      ...lines,
      ...shown.map((one, at) => one.line(columns, at === shown.length - 1 ? others : 0)),
    ];
  });
}

/** Draws lines in place of those that are there, if it is time to and standard error is a terminal. */
function draw(linesFor: (columns: number, count: number) => string[]): void {
  const now = performance.now();
  if (isJson || now - lastDrawing < INTERVAL || !Deno.stderr.isTerminal()) return;
  lastDrawing = now;
  const { columns, rows } = Deno.consoleSize();
  // A line that reaches the last column, and a display as high as the terminal, would scroll.
  const count = Math.max(1, Math.min(MAX_LINES + 1, (rows || 24) - 1));
  const lines = linesFor((columns || 80) - 1, count).slice(0, count);
  write(wiping() + lines.join("\n"));
  drawnLines = lines.length;
}

/** Returns what wipes the lines of the display, and leaves the cursor at the beginning of the first. */
function wiping(): string {
  return "\r\x1b[K" + "\x1b[A\x1b[K".repeat(Math.max(0, drawnLines - 1));
}

function writeJson(value: object): void {
  write(printable(JSON.stringify(value)) + "\n");
}

function write(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}
