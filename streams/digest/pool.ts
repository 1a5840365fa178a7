/**
 * Digests on worker threads: bytes are copied once into a ring that all threads share, and each
 * algorithm follows on its own thread, so that the caller goes on as soon as there is room.
 *
 * @module
 */

import type { Algorithm } from "./algorithms.ts";
import { BackendUnavailable, type Engine } from "./engine.ts";
import { openInline } from "./inline.ts";
import { pool, SLOT_SIZE, type Thread } from "./threads.ts";

let lastId = 0;

class PoolEngine implements Engine {
  readonly #ring = pool().ring;
  readonly #digests: { id: number; thread: Thread }[] = [];
  #copied: Promise<void> = Promise.resolve();
  #failure: unknown;
  #closed = false;

  async begin(algorithms: readonly Algorithm[]): Promise<void> {
    await Promise.all(algorithms.map(({ node }) => {
      const digest = { id: ++lastId, thread: pool().assign() };
      this.#digests.push(digest);
      return digest.thread.ask({ op: "begin", id: digest.id, algorithm: node });
    }));
  }

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
      thread.ask({ op: "update", id, start, end })
        .catch((error) => this.#failure ??= error)
        .finally(() => {
          if (--readers === 0) this.#ring.give(start);
        });
    }
  }

  async digest(): Promise<string[]> {
    const answers = await Promise.all(
      this.#digests.map(({ id, thread }) => thread.ask({ op: "digest", id })),
    );
    return answers as string[];
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { id, thread } of this.#digests) {
      thread.load--;
      thread.ask({ op: "forget", id }).catch(() => {});
    }
  }
}

/** Starts the digests, where the runtime has threads. */
export async function openPool(algorithms: readonly Algorithm[]): Promise<Engine> {
  openInline(algorithms);
  let engine: PoolEngine | undefined;
  try {
    engine = new PoolEngine();
    await engine.begin(algorithms);
    return engine;
  } catch (cause) {
    engine?.close();
    throw new BackendUnavailable("this runtime starts no threads", { cause });
  }
}
