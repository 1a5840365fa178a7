/**
 * The signals that end a command: Ctrl-C, and what a system sends to processes.
 *
 * @module
 */
import { EXIT } from "./command.ts";

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK", "SIGHUP"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** How long cleaning up may take before a line at the terminal says so, in milliseconds. */
const NOTICE_AFTER = 1000;

/** The time in which a second signal is taken for the first, in milliseconds: `deno task` passes on what arrived already. */
const SAME_KEY = 300;

/** Listens for signals. The first one aborts the command, which cleans up. A second one ends the process at once. */
export class Interrupt implements Disposable {
  readonly #controller = new AbortController();
  readonly #onSignal = () => this.#interrupt();
  #first = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Begins to listen. */
  constructor() {
    for (const signal of SIGNALS) Deno.addSignalListener(signal, this.#onSignal);
  }

  /** Aborts with the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  #interrupt(): void {
    if (this.signal.aborted) {
      if (performance.now() - this.#first < SAME_KEY) return;
      Deno.exit(EXIT.interrupted);
    }
    this.#first = performance.now();
    if (Deno.stderr.isTerminal()) {
      this.#timer = setTimeout(
        () => console.error("vitrine: cleaning up; once more to leave at once"),
        NOTICE_AFTER,
      );
    }
    this.#controller.abort(new Error("interrupted"));
  }

  /** Stops listening. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, this.#onSignal);
  }
}
