/**
 * Ctrl-C, and what else asks the process to end.
 *
 * @module
 */
import { EXIT } from "./exit.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Milliseconds of cleaning up after which a person wants to know why nothing happens. */
const MOMENT = 1000;

/** Milliseconds in which a second signal is the same key: `deno task` passes on what came already. */
const SAME_KEY = 300;

/** Listens for signals: the first one aborts, a second one leaves at once. */
export class Interrupt implements Disposable {
  readonly #controller = new AbortController();
  readonly #onSignal = () => this.#interrupt();
  #first = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Begins to listen. */
  constructor() {
    for (const signal of SIGNALS) Deno.addSignalListener(signal, this.#onSignal);
  }

  /** Ends with the first signal. */
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
        MOMENT,
      );
    }
    this.#controller.abort(new Error("interrupted"));
  }

  /** Listens no more. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, this.#onSignal);
  }
}
