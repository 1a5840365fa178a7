/**
 * A thing of the libraries that must not go while a call uses it.
 *
 * @module
 */
import { BackendException } from "../../errors/mod.ts";

/** A handle that is released once, after the last call that uses it. */
export abstract class Handle implements AsyncDisposable {
  readonly #calls = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;
  /** Called when the handle is closed. */
  onClosed: () => void = () => {};

  /** Runs a call that uses the handle; throws if it is closed. */
  protected async using<T>(call: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new BackendException("it was closed meanwhile");
    const running = call();
    this.#calls.add(running);
    try {
      return await running;
    } finally {
      this.#calls.delete(running);
    }
  }

  /** Gives the handle back to its library. */
  protected abstract release(): Promise<void>;

  /** Releases the handle as soon as no call uses it any more. Safe to call twice. */
  close(): Promise<void> {
    return this.#closed ??= Promise.allSettled(this.#calls)
      .then(() => this.release())
      .finally(() => this.onClosed());
  }

  /** Closes the handle, as {@linkcode close} does. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
