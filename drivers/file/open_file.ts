/**
 * Files that are open for reading.
 *
 * @module
 */
import type { BigIntStats } from "node:fs";
import type { Bytes } from "../../streams/mod.ts";
import { PAGE_CACHE_LIMIT, type PageCacheRead, pageCacheReads } from "./page_cache_read.ts";
import type { Extent } from "../../store/types.ts";
import { type HoleFinder, holeFinder } from "./holes.ts";
import { closeAside, isLocalDevice } from "./closing.ts";
import { openOnThread, type ReadableFile } from "./file_on_thread.ts";
import type { Io } from "./io.ts";
import { FILE_FLAGS, fstatSync, open } from "./system.ts";
import { type UnchangedCheck, unchangedCheck } from "./unchanged_check.ts";
import { isInLocalDirectory, untilReachable } from "./until_reachable.ts";

/** From how many bytes on a read is done by two threads, each half of it. */
const HALVED = 2_097_152;

/** What all who read a file at the same time share. */
interface Shared {
  readonly path: string;
  readonly flags: string | number;
  readonly handle: ReadableFile;
  /** Whether closing it contacts no server; `undefined` while that is not known. */
  isLocal: boolean | undefined;
  /** Whether the system knows of the file without contacting a server. */
  readonly isKnown: boolean;
  /** What the system said of the file, once many reads are expected. */
  stats?: BigIntStats | undefined;
  /** How small reads are done, where that can be done at once; `undefined` before the first. */
  cached?: PageCacheRead | null | undefined;
  /** How a change is found, where that can be done at once; `undefined` before the first check. */
  checkUnchanged?: UnchangedCheck | null | undefined;
  /** How holes are found, where that can be done at once; `undefined` before the first search. */
  findHoles?: HoleFinder | null | undefined;
  /** The file once more, as Deno has but one thread at a time read from a handle. */
  second?: ReadableFile | undefined;
  openingSecond?: Promise<void>;
}

/** A file that is open for reading. */
export class OpenFile {
  readonly #shared: Shared;
  readonly #io: Io;
  readonly #close: () => Promise<void>;
  #closing: Promise<void> | undefined;

  private constructor(shared: Shared, io: Io, close: () => Promise<void>) {
    this.#shared = shared;
    this.#io = io;
    this.#close = close;
  }

  /** Opens a file. */
  static async open(io: Io, path: string, flags: string | number): Promise<OpenFile> {
    const handle = await io.wait(openReachable(path, flags), closeAside);
    // Closing a directory contacts no server.
    const isDirectory = typeof flags === "string" || (flags & (FILE_FLAGS.O_DIRECTORY ?? 0)) !== 0;
    const isKnown = typeof flags === "number" && (flags & (FILE_FLAGS.O_NOFOLLOW ?? 0)) !== 0 &&
      handle.fd !== undefined && isInLocalDirectory(path);
    const isLocal = isDirectory || isKnown || undefined;
    const shared: Shared = { path, flags, handle, isLocal, isKnown };
    const close = async () => {
      // Its number may be another file's in a moment, and what is opened from now on stays open.
      shared.cached =
        shared.findHoles =
        shared.checkUnchanged =
        shared.stats =
          undefined;
      await shared.openingSecond;
      const handles = [handle, ...shared.second ? [shared.second] : []];
      await Promise.all(handles.map((one) => shared.isLocal ? one.close() : closeAside(one)));
    };
    // Where no server is contacted there is nothing to wait for.
    return new OpenFile(shared, io, () => shared.isKnown ? close() : io.cleanup.wait(close()));
  }

  /** Returns the same file for another operation, which does not close it but calls `close` instead. */
  for(io: Io, close: () => Promise<void>): OpenFile {
    return new OpenFile(this.#shared, io, close);
  }

  /** The number of the descriptor; `undefined` where it is not known. */
  get descriptor(): number | undefined {
    return this.#shared.handle.fd;
  }

  /** Reads what the system knows of the file. */
  async stat(): Promise<BigIntStats> {
    const { handle, isKnown } = this.#shared;
    // Another thread takes ten times as long to be woken as this call.
    if (isKnown) return fstatSync(handle.fd!, { bigint: true });
    return await this.#io.wait(handle.stat({ bigint: true }));
  }

  /** Makes ready for many reads of a file of which the system says this. */
  async expectReads(stats: BigIntStats): Promise<void> {
    const shared = this.#shared;
    shared.stats = stats;
    shared.isLocal ??= await this.#io.wait(isLocalDevice(shared.path, stats.dev));
  }

  /** Fills the view from byte `position` on; fewer bytes only at the file's end. */
  async read(view: Bytes, position: number): Promise<number> {
    let filled = view.length <= PAGE_CACHE_LIMIT ? this.#readCached(view, position) : 0;
    while (filled < view.length) {
      const part = view.subarray(filled, filled + this.#io.chunkSize);
      const count = await this.#io.wait(this.#readPart(part, position + filled));
      if (count === 0) break;
      filled += count;
    }
    return filled;
  }

  /**
   * Returns whether the file is known at once to be as it was when many reads were expected; `false` if it is
   * not, or if that is not known.
   */
  isUnchanged(): boolean {
    const shared = this.#shared;
    shared.checkUnchanged = this.#atOnce(shared.checkUnchanged, unchangedCheck);
    return shared.checkUnchanged?.() ?? false;
  }

  /** Finds data and holes in a range; `undefined` where they cannot be known. */
  extents(offset: number, length: number): Extent[] | undefined {
    const shared = this.#shared;
    shared.findHoles = this.#atOnce(shared.findHoles, holeFinder);
    return shared.findHoles?.(offset, length);
  }

  /** Reads what is at hand. */
  #readCached(view: Bytes, position: number): number {
    const shared = this.#shared;
    shared.cached = this.#atOnce(shared.cached, pageCacheReads);
    return shared.cached?.(view, position) ?? 0;
  }

  /** Returns what can be done at once with this file, created when it is first needed; `null` where it cannot. */
  #atOnce<T>(
    known: T | null | undefined,
    create: (fd: number, stats: BigIntStats) => T | undefined,
  ): T | null | undefined {
    const { handle, stats, isLocal } = this.#shared;
    // On a network file system a call on this thread would wait for the server.
    if (known !== undefined || !stats || !isLocal || handle.fd === undefined) return known;
    return create(handle.fd, stats) ?? null;
  }

  async #readPart(view: Bytes, position: number): Promise<number> {
    const { handle } = this.#shared;
    const second = view.length < HALVED ? undefined : this.#second();
    if (second === undefined) return (await handle.read(view, 0, view.length, position)).bytesRead;
    const half = view.length >> 1;
    const reads = await Promise.allSettled([
      handle.read(view, 0, half, position),
      second.read(view, half, view.length - half, position + half),
    ]);
    // Only now does nobody write into the view any more.
    const [first, rest] = reads.map((read) => {
      if (read.status === "rejected") throw read.reason;
      return read.value.bytesRead;
    }) as [number, number];
    return first < half ? first : half + rest;
  }

  /** It is opened beside the first read that could use it, for those that follow. */
  #second(): ReadableFile | undefined {
    const shared = this.#shared;
    if (shared.stats) shared.openingSecond ??= openSecond(shared, shared.stats).catch(() => {});
    return shared.second;
  }

  /** Brings the data to the disk. */
  sync(): Promise<void> {
    return this.#io.wait(this.#shared.handle.sync());
  }

  /** Closes the file as soon as no call is under way. Safe to call twice. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }
}

async function openReachable(path: string, flags: string | number): Promise<ReadableFile> {
  const { mayHang, device } = await untilReachable(path);
  const onThread = mayHang ? await openOnThread(path, flags, device) : undefined;
  return onThread ?? await open(path, flags);
}

async function openSecond(shared: Shared, stats: BigIntStats): Promise<void> {
  const handle = await openReachable(shared.path, shared.flags);
  try {
    // The path may lead to another file by now.
    if (isSameFile(await handle.stat({ bigint: true }), stats)) {
      shared.second = handle;
      return;
    }
  } catch {
    // Then one has to do.
  }
  await (shared.isLocal ? handle.close() : closeAside(handle));
}

/** Returns whether the system speaks of the same file twice. */
export function isSameFile(one: BigIntStats, other: BigIntStats): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}
