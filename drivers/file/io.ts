/**
 * Calls of the file system with what all of them need: a time limit, an abort, and nothing left
 * open by a call that returns too late.
 *
 * @module
 */
import { TimeoutError } from "../../errors/mod.ts";
import type { Bytes } from "../../streams/mod.ts";
import type { Owner, TemporaryFile } from "./temporary_files.ts";
import { unlink } from "./system.ts";

/** How long cleaning up waits for a disk where the store has no limit, in milliseconds. */
const CLEANUP_LIMIT = 10_000;

/** Waits for calls of the file system on behalf of one operation. */
export class Io {
  /** Bytes that one call reads or writes at most. */
  readonly chunkSize: number;
  readonly #limit: number;
  readonly #signal: AbortSignal | undefined;

  /** Waits `limit` milliseconds at most for each call; 0 is no limit. */
  constructor(chunkSize: number, limit: number, signal?: AbortSignal | undefined) {
    this.chunkSize = chunkSize;
    this.#limit = limit;
    this.#signal = signal;
  }

  /** Whether the caller has aborted. */
  get isAborted(): boolean {
    return this.#signal?.aborted ?? false;
  }

  /** Waits for what cleans up: no abort ends it, and a dead disk does not hold it for ever. */
  get cleanup(): Io {
    return new Io(this.chunkSize, this.#limit || CLEANUP_LIMIT);
  }

  /** Waits whatever the signal says. */
  get unaborted(): Io {
    return new Io(this.chunkSize, this.#limit);
  }

  /** Waits without a limit, for a call that takes as long as the image is large. */
  get unlimited(): Io {
    return new Io(this.chunkSize, 0, this.#signal);
  }

  /**
   * Resolves to what a call that makes something resolves to. Where the limit or the signal comes first, `undo`
   * has taken it back by the time this throws; only of a disk that is dead it does so later, if ever.
   */
  async make<T>(call: Promise<T>, undo: (value: T) => Promise<unknown>): Promise<T> {
    try {
      return await this.wait(call);
    } catch (error) {
      await this.cleanup.wait(call.then(undo)).catch(() => {});
      throw error;
    }
  }

  /**
   * Resolves to what the call resolves to, unless the limit or the signal comes first: `late` is then given what
   * the call resolves to in the end. Throws `TimeoutError`.
   */
  wait<T>(call: Promise<T>, late?: (value: T) => unknown): Promise<T> {
    const limit = this.#limit;
    const signal = this.#signal;
    if (limit === 0 && signal === undefined) return call;
    return new Promise((resolve, reject) => {
      const timer = limit === 0 ? undefined : setTimeout(() => {
        stop(new TimeoutError(`the file system did not respond within ${limit / 1000} s`));
      }, limit);
      const abort = () => stop(signal!.reason);
      const settle = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
      };
      const stop = (reason: unknown) => {
        settle();
        reject(reason);
        call.then(late).catch(() => {});
      };
      signal?.addEventListener("abort", abort, { once: true });
      call.then(resolve, reject).finally(settle);
      if (signal?.aborted) abort();
    });
  }
}

/** A temporary file, written by position and held until it is removed. */
export class Temporary {
  /** Where it is. */
  readonly path: string;
  readonly #io: Io;
  readonly #file: TemporaryFile;

  /** Takes the file over. */
  constructor(io: Io, path: string, file: TemporaryFile) {
    this.#io = io;
    this.path = path;
    this.#file = file;
  }

  /** Writes all bytes at `position`. */
  async write(bytes: Bytes, position: number): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const part = bytes.subarray(written, written + this.#io.chunkSize);
      written += await this.#io.wait(this.#file.write(part, position + written));
    }
  }

  /** Who owned it when it was created, where that is known without a call. */
  get owner(): Owner | undefined {
    return this.#file.owner;
  }

  /** Sets the size. */
  truncate(size: number): Promise<void> {
    return this.#io.wait(this.#file.truncate(size));
  }

  /** Brings the bytes to the disk. */
  sync(): Promise<void> {
    return this.#io.wait(this.#file.sync());
  }

  /** Removes the name and closes the file. What fails is left to the next start of a store. */
  async remove(): Promise<void> {
    const io = this.#io.cleanup;
    await io.wait(unlink(this.path)).catch(() => {});
    await io.wait(this.#file.close()).catch(() => {});
  }
}
