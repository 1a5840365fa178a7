/**
 * Threads that make synchronous calls of the file system, one request after the other.
 *
 * @module
 */
// Small: what the threads do is in other modules.
import type { Worker } from "node:worker_threads";
import { StoreError } from "../../errors/mod.ts";
import { builtin } from "../../runtime/mod.ts";

/** Why a call failed on a thread. */
export interface Failure {
  /** The code of the system, `ENOENT` for example. */
  code: string | undefined;
  message: string;
}

/**
 * A thread that responds to requests in the order in which they were sent.
 *
 * @typeParam Request What it is sent.
 * @typeParam Reply What it sends back.
 */
export class WorkerThread<Request, Reply> {
  readonly #worker: Worker;
  readonly #pending: { resolve(reply: Reply): void; reject(reason: unknown): void }[] = [];
  #failure: Error | undefined;

  private constructor(worker: Worker) {
    this.#worker = worker;
    const fail = (cause?: unknown) => {
      this.#failure ??= new StoreError("a thread for files ended before its time", {
        cause,
        retryable: true,
      });
      for (const { reject } of this.#pending.splice(0)) reject(this.#failure);
    };
    worker.on("message", (reply: Reply) => this.#pending.shift()?.resolve(reply));
    worker.on("error", fail);
    worker.on("exit", () => fail());
    // What holds up the process is the wait for a response, which has a limit.
    worker.unref();
  }

  /**
   * Starts a thread.
   *
   * @typeParam Request What it is sent.
   * @typeParam Reply What it sends back.
   * @param source What it does when it starts, as source text: a thread that is started by URL would not be found
   * in a bundle.
   * @returns The thread, or `undefined` where the runtime permits none.
   */
  static start<Request, Reply>(source: string): WorkerThread<Request, Reply> | undefined {
    try {
      const { Worker } = builtin("node:worker_threads")!;
      return new WorkerThread(new Worker(source, { eval: true }));
    } catch {
      return undefined;
    }
  }

  /**
   * Sends a request to the thread.
   *
   * @param request What the thread has to do.
   * @returns The response.
   * @throws {StoreError} If the thread ends before.
   */
  async send(request: Request): Promise<Reply> {
    if (this.#failure) throw this.#failure;
    this.#worker.ref();
    try {
      return await new Promise((resolve, reject) => {
        this.#pending.push({ resolve, reject });
        this.#worker.postMessage(request);
      });
    } finally {
      if (this.#pending.length === 0) this.#worker.unref();
    }
  }

  /** Ends the thread, without waiting for it. */
  close(): void {
    this.#failure ??= new StoreError("the thread was ended");
    this.#worker.terminate().catch(() => {});
  }
}

/** Creates the error that a call on a thread failed with. */
export function errorOf({ code, message }: Failure): Error {
  return Object.assign(new Error(message), { code });
}
