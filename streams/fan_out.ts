/**
 * One source for several sinks: it is read and digested once, and each sink takes the bytes at its own
 * pace.
 *
 * @module
 */
import { TimeoutError } from "../errors/mod.ts";
import { MAX_TIMER } from "./abort.ts";
import { type ByteReader, type Bytes, CHUNK_SIZE } from "./bytes.ts";
import type { Digests } from "./digest/mod.ts";
import { shareDigests } from "./shared_digests.ts";
import type { ChunkObserver } from "./transfer.ts";
import { deferred } from "./deferred.ts";

/** Options of {@linkcode fanOut}. */
export interface FanOutOptions {
  /** How far the slowest sink may be behind the fastest, in bytes; at least 8 MiB. */
  lag: number;
  /** How long the others wait for a sink that takes nothing, in milliseconds. Then it fails alone. */
  idleTimeout: number;
  /** Computes the digests of the source, for all sinks. They are closed with the source. */
  digests: Digests;
  /** Sees each chunk once, and judges the whole before any sink has its digests. */
  observer?: ChunkObserver | undefined;
}

/** The reader of one sink. */
export interface Branch extends ByteReader {
  /** Aborts when the sink is given up, because it takes nothing. */
  readonly signal: AbortSignal;
}

/**
 * Fans a source out. It is read when the fastest sink needs bytes, and not before the slowest is near
 * enough, so that memory is bounded by the lag.
 *
 * @param reader The source. It is closed when all branches are.
 * @param count The number of sinks.
 * @param options How far they may be apart, and what computes the digests.
 * @returns A reader for each sink. All of them must be read or closed.
 */
export function fanOut(reader: ByteReader, count: number, options: FanOutOptions): Branch[] {
  const source = new FannedSource(reader, options);
  return Array.from({ length: count }, () => source.branch());
}

/** Bytes that some sink has not taken yet. */
interface Held {
  /** Where they begin in the source. */
  start: number;
  bytes: Bytes;
}

/** How far one sink is. */
interface Cursor {
  position: number;
  drop: AbortController;
}

class FannedSource {
  readonly #reader: ByteReader;
  readonly #options: FanOutOptions;
  readonly #most: number;
  readonly #cursors = new Set<Cursor>();
  readonly #free: ArrayBuffer[] = [];
  #held: Held[] = [];
  #head = 0;
  #isAtEnd = false;
  #failure: { error: unknown } | undefined;
  #pulling: Promise<void> | undefined;
  #seen: Promise<unknown> = Promise.resolve();
  #values: Promise<Record<string, string>> | undefined;
  #onRelease: (() => void) | undefined;

  constructor(reader: ByteReader, options: FanOutOptions) {
    this.#reader = reader;
    this.#options = options;
    this.#most = Math.max(2, Math.floor(options.lag / CHUNK_SIZE));
  }

  branch(): Branch {
    const cursor: Cursor = { position: 0, drop: new AbortController() };
    const { signal } = cursor.drop;
    this.#cursors.add(cursor);
    const branch: Branch = {
      signal,
      read: (view) => this.#read(cursor, view),
      close: async (reason) => {
        if (!this.#cursors.delete(cursor)) return;
        this.#release();
        if (this.#cursors.size > 0) return;
        this.#options.digests.close();
        await this.#reader.close(reason);
      },
    };
    const { algorithms } = this.#options.digests;
    const digest = () => this.#values ??= this.#digest();
    shareDigests(branch, { algorithms, update() {}, digest, close() {} });
    return branch;
  }

  async #digest(): Promise<Record<string, string>> {
    await this.#seen;
    const { digests, observer } = this.#options;
    await observer?.end?.();
    return await digests.digest();
  }

  async #read(cursor: Cursor, view: Bytes): Promise<Bytes> {
    let filled = 0;
    while (filled < view.length) {
      cursor.drop.signal.throwIfAborted();
      const held = this.#heldAt(cursor.position);
      if (held) {
        const at = cursor.position - held.start;
        const piece = held.bytes.subarray(at, at + view.length - filled);
        view.set(piece, filled);
        filled += piece.length;
        cursor.position += piece.length;
        this.#release();
      } else if (this.#failure) throw this.#failure.error;
      else if (this.#isAtEnd) break;
      else await (this.#pulling ??= this.#pull());
    }
    return view.subarray(0, filled);
  }

  #heldAt(position: number): Held | undefined {
    return this.#held.find(({ start, bytes }) => {
      return start <= position && position < start + bytes.length;
    });
  }

  /** Reads the next chunk of the source, while the one before is digested. */
  async #pull(): Promise<void> {
    try {
      await this.#waitForRoom();
      if (this.#cursors.size === 0) return;
      const view = new Uint8Array(this.#free.pop() ?? new ArrayBuffer(CHUNK_SIZE));
      const [bytes] = await Promise.all([this.#reader.read(view), this.#seen]);
      this.#isAtEnd = bytes.length < CHUNK_SIZE;
      if (bytes.length === 0) return;
      const { digests, observer } = this.#options;
      this.#seen = Promise.all([digests.update(bytes), observer?.update(bytes)]);
      // It is awaited with the next chunk, or at the end.
      this.#seen.catch(() => {});
      this.#held.push({ start: this.#head, bytes });
      this.#head += bytes.length;
      this.#release();
    } catch (error) {
      this.#failure = { error };
    } finally {
      this.#pulling = undefined;
    }
  }

  /** Waits until the slowest sink is near enough, and gives up those that take nothing for too long. */
  async #waitForRoom(): Promise<void> {
    const { lag, idleTimeout } = this.#options;
    while (this.#held.length >= this.#most) {
      const { promise, resolve } = deferred<void>();
      this.#onRelease = resolve;
      const timer = setTimeout(() => {
        const [oldest] = this.#held;
        for (const cursor of this.#cursors) {
          if (cursor.position >= oldest!.start + oldest!.bytes.length) continue;
          this.#cursors.delete(cursor);
          cursor.drop.abort(
            new TimeoutError(
              `it took nothing for ${idleTimeout} ms, ${lag} bytes behind the others`,
            ),
          );
        }
        this.#release();
      }, Math.min(idleTimeout, MAX_TIMER));
      await promise;
      clearTimeout(timer);
    }
  }

  /** Releases what all sinks have taken, except the last chunk, which may still be digested. */
  #release(): void {
    const needed = Math.min(this.#head, ...[...this.#cursors].map(({ position }) => position));
    while (this.#held.length > 1) {
      const [{ start, bytes }] = this.#held as [Held];
      if (start + bytes.length > needed) return;
      this.#held.shift();
      this.#free.push(bytes.buffer);
      this.#onRelease?.();
    }
  }
}
