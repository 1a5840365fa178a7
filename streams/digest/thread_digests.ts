/**
 * Digests of one image on worker threads. Bytes are copied once into a ring that all threads share, and
 * each algorithm follows on its own thread, so that the caller goes on as soon as there is room.
 *
 * @module
 */

import { pool, type Result, SLOT_SIZE, type Thread } from "./threads.ts";
import type { StatesOptions } from "./worker.ts";

let lastId = 0;

/** Digests of one image on threads; in what they return they differ. */
export class ThreadDigests {
  readonly #ring = pool().ring;
  readonly #digests: { id: number; thread: Thread }[] = [];
  #copied: Promise<void> = Promise.resolve();
  #failure: unknown;
  #closed = false;

  /**
   * Assigns a thread to each digest. Resolves when all of the threads run.
   *
   * @param count The number of digests.
   */
  async start(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      this.#digests.push({ id: ++lastId, thread: pool().assign() });
    }
    await Promise.all(this.#digests.map(({ id, thread }) => thread.send({ op: "forget", id })));
  }

  /**
   * Begins the digests.
   *
   * @param all For each digest its name in `node:crypto`, or the states in WebAssembly to go on from.
   */
  async begin(all: readonly (string | StatesOptions)[]): Promise<void> {
    await Promise.all(
      this.#digests.map(({ id, thread }, index) =>
        thread.send({ op: "begin", id, by: all[index]! })
      ),
    );
  }

  /**
   * Feeds bytes.
   *
   * @param chunk The bytes. They are lent until the promise settles.
   */
  update(chunk: Uint8Array): Promise<void> {
    return this.#copied = this.#copied.then(() => this.#copy(chunk));
  }

  async #copy(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; at += SLOT_SIZE) {
      const start = await this.#ring.take();
      if (this.#closed || this.#failure) {
        this.#ring.give(start);
        break;
      }
      this.#read(start, this.#ring.fill(start, chunk.subarray(at, at + SLOT_SIZE)));
    }
    if (this.#failure && !this.#closed) throw this.#failure;
  }

  #read(start: number, end: number): void {
    let readers = this.#digests.length;
    for (const { id, thread } of this.#digests) {
      thread.send({ op: "update", id, start, end })
        .catch((error) => this.#failure ??= error)
        .finally(() => {
          if (--readers === 0) this.#ring.give(start);
        });
    }
  }

  /**
   * Reads the digests of the bytes fed so far.
   *
   * @returns For each digest its hex or its states, in the order of {@linkcode begin}.
   */
  digest(): Promise<Result[]> {
    const sent = this.#copied.then(() =>
      this.#digests.map(({ id, thread }) => thread.send({ op: "digest", id }))
    );
    this.#copied = sent.then(() => {}, () => {});
    return sent.then((results) => Promise.all(results));
  }

  /** Frees what they hold, at any moment. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { id, thread } of this.#digests) {
      thread.load--;
      thread.send({ op: "forget", id }).catch(() => {});
    }
  }
}
