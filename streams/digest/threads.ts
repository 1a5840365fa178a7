/**
 * The worker threads of the digests, and the memory that they share.
 *
 * Threads and ring belong to the process and are used again by image after image, so the memory
 * and the threads are bounded however many images are under way.
 *
 * @module
 */

import type { Worker } from "node:worker_threads";
import { StoreError } from "../../errors/mod.ts";
import { builtin } from "../../runtime/mod.ts";
import { openStates, type Reply, type Request, serve } from "./worker.ts";

/** Bytes of a slot of the ring: half a chunk, so that a copy overlaps with the digesting. */
export const SLOT_SIZE = 2 * 1024 * 1024;

/** To start threads takes as much CPU time as they save on some ten to fifty chunks of 4 MiB. */
export const CHUNKS_BEFORE_THREADS = 16;

/** Slots for each thread: one that it reads and one that is being filled. */
const SLOTS_PER_THREAD = 2;

/** More threads than this would be more memory than digests are worth. */
const MOST_THREADS = 8;

/** A thread's own heap: what it leaves behind is messages, not worth the megabytes V8 would take. */
const HEAP = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 64 };

/** Shared memory in slots; a slot holds one piece of one image until all of its threads read it. */
class Ring {
  readonly memory: SharedArrayBuffer;
  readonly #bytes: Uint8Array<SharedArrayBuffer>;
  readonly #free: number[];
  readonly #waiting: ((start: number) => void)[] = [];

  constructor(slots: number) {
    this.memory = new SharedArrayBuffer(slots * SLOT_SIZE);
    this.#bytes = new Uint8Array(this.memory);
    this.#free = Array.from({ length: slots }, (_, index) => index * SLOT_SIZE);
  }

  /**
   * Takes a free slot, in the order of the calls.
   *
   * @returns The offset at which the slot starts, in bytes. A promise if none is free yet.
   */
  take(): number | Promise<number> {
    // The slot given back last is in the cache still, and pages never needed are never touched.
    return this.#free.pop() ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  /**
   * Copies bytes into a slot.
   *
   * @param start The offset at which the slot starts.
   * @param piece The bytes, at most {@linkcode SLOT_SIZE}.
   * @returns The offset at which the bytes end.
   */
  fill(start: number, piece: Uint8Array): number {
    this.#bytes.set(piece, start);
    return start + piece.length;
  }

  /**
   * Returns a slot to the ring.
   *
   * @param start The offset at which the slot starts.
   */
  give(start: number): void {
    const next = this.#waiting.shift();
    if (next) next(start);
    else this.#free.push(start);
  }
}

/** The response of a thread when all goes well. */
export type Result = Exclude<Reply, Error>;

/** A worker thread, which responds to requests in the order in which they were sent. */
export class Thread {
  /** How many digests it has begun and not forgotten. */
  load = 0;
  readonly worker: Worker;
  readonly #pending: { resolve(result?: Result): void; reject(reason: unknown): void }[] = [];
  #failure: Error | undefined;

  constructor(worker: Worker, ended: () => void) {
    this.worker = worker;
    const fail = (cause?: unknown) => {
      this.#failure ??= new StoreError("a digest thread ended before its time", {
        cause,
        retryable: true,
      });
      for (const { reject } of this.#pending.splice(0)) reject(this.#failure);
      ended();
    };
    worker.on("message", (reply: Reply) => {
      const { resolve, reject } = this.#pending.shift()!;
      if (reply instanceof Error) reject(reply);
      else resolve(reply);
      if (this.#pending.length === 0) worker.unref();
    });
    worker.on("error", fail);
    worker.on("exit", () => fail());
    worker.unref();
  }

  /**
   * Sends a request to the thread.
   *
   * @param request What the thread has to do.
   * @returns The response of the thread. It rejects if the request fails, or if the thread ends before.
   */
  send(request: Request): Promise<Result> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#pending.length === 0) this.worker.ref();
    return new Promise((resolve, reject) => {
      this.#pending.push({ resolve, reject });
      this.worker.postMessage(request);
    });
  }
}

/** All threads of the process, and the ring that they share. */
class Pool {
  readonly threads: Set<Thread> = new Set();
  readonly ring: Ring;
  readonly #limit: number;

  constructor() {
    this.#limit = Math.min(builtin("node:os")!.availableParallelism(), MOST_THREADS);
    this.ring = new Ring(this.#limit * SLOTS_PER_THREAD);
  }

  /**
   * Chooses the thread for another digest.
   *
   * @returns The thread with the least to do, or a new one while there are fewer threads than processors.
   */
  assign(): Thread {
    const [idlest] = [...this.threads].sort((a, b) => a.load - b.load);
    const full = this.threads.size === this.#limit;
    const thread = idlest && (full || idlest.load === 0) ? idlest : this.#start();
    thread.load++;
    return thread;
  }

  #start(): Thread {
    const { Worker } = builtin("node:worker_threads")!;
    const worker = new Worker(`(${serve})(${openStates})`, {
      eval: true,
      workerData: this.ring.memory,
      resourceLimits: HEAP,
    });
    const thread = new Thread(worker, () => this.threads.delete(thread));
    this.threads.add(thread);
    return thread;
  }
}

let shared: Pool | undefined;

/**
 * Returns the pool of the process. It is created on first use.
 *
 * @returns The threads, and the memory that they share.
 */
export function pool(): Pool {
  return shared ??= new Pool();
}
