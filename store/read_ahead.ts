/**
 * Reading ahead in an image that is read over a network: a program that reads it in order, in small
 * reads, has to wait for few requests, and one that reads here and there is sent nothing more.
 *
 * @module
 */
import { type Bytes, CHUNK_SIZE } from "../streams/mod.ts";

/** The most bytes of all blocks of the process, those that are being read included. */
const BUDGET = 6 * CHUNK_SIZE;
/** How many bytes a program reads in order before whole blocks are read for it. */
const SEQUENTIAL = 256 * 1024;
/** How far from the end of the last read the next one of the same program begins at most, in bytes. */
const NEAR = 1024 * 1024;
/** How many programs read one image in order, at different places. */
const MAX_STREAMS = 16;
/** How many blocks are read before they are needed, at most. */
const AHEAD = 2;
/** A program that has sent none of so many reads is not counted among those that read in order. */
const RECENT = 128;

/** Reads a range, which lies in the image, into a buffer that is lent. */
export type RangeReader = (position: number, view: Bytes) => Promise<Bytes>;

/** All blocks of the process, the longest unused first. */
const blocks = new Set<Block>();
/** Buffers of blocks that are gone, for the next ones: the system takes as long to give memory as to fill it. */
const spare: ArrayBuffer[] = [];

/** A part of an image, which is read once for all of its readers. */
class Block {
  /** Whether the bytes are here. */
  isSettled = false;
  /** Whether its end has been read: it will hardly be needed again. */
  isSpent = false;
  readonly #bytes: Promise<Bytes>;
  readonly #onRemove: () => void;
  #buffer: ArrayBuffer | undefined;
  #readers = 0;

  constructor(length: number, read: (view: Bytes) => Promise<Bytes>, onRemove: () => void) {
    this.#onRemove = onRemove;
    const buffer = length === CHUNK_SIZE ? spare.pop() : undefined;
    blocks.add(this);
    this.#bytes = read(new Uint8Array(buffer ?? new ArrayBuffer(length)));
    this.#bytes.then(({ buffer }) => {
      this.isSettled = true;
      this.#buffer = buffer;
    }, () => this.remove());
  }

  /** Fills a view with the bytes from an offset on. */
  async copyTo(view: Bytes, from: number): Promise<void> {
    blocks.delete(this);
    blocks.add(this);
    this.#readers++;
    try {
      const bytes = await this.#bytes;
      view.set(bytes.subarray(from, from + view.length));
      this.isSpent ||= from + view.length === bytes.length;
    } finally {
      this.#readers--;
      this.#recycle();
    }
  }

  /** Forgets the bytes, once those that read them have them. */
  remove(): void {
    blocks.delete(this);
    this.#onRemove();
    this.#recycle();
  }

  #recycle(): void {
    if (this.#readers > 0 || blocks.has(this)) return;
    const hasRoom = (blocks.size + spare.length) * CHUNK_SIZE < BUDGET;
    if (this.#buffer?.byteLength === CHUNK_SIZE && hasRoom) spare.push(this.#buffer);
    this.#buffer = undefined;
  }
}

/** Makes room for a block; `canEvict` says which may go. Returns whether there is room. */
function makeRoom(canEvict: (block: Block) => boolean): boolean {
  for (const block of blocks) {
    if (blocks.size * CHUNK_SIZE < BUDGET) break;
    if (block.isSettled && canEvict(block)) block.remove();
  }
  return blocks.size * CHUNK_SIZE < BUDGET;
}

/**
 * Reads an image in blocks of 4 MiB where it is read in order. Blocks that were just read are kept, up to
 * 24 MiB for all images of the process.
 *
 * @example Ten reads in order, and how many requests they are
 * ```ts
 * import { ReadAhead } from "./read_ahead.ts";
 * import { assert } from "@std/assert";
 *
 * let requests = 0;
 * const image = new ReadAhead(16 << 20, (_position, view) => {
 *   requests++;
 *   return Promise.resolve(view);
 * });
 * const view = new Uint8Array(128 << 10);
 * for (let i = 0; i < 10; i++) await image.read(view, i * view.length);
 * assert(requests < 6);
 * image.close();
 * ```
 */
export class ReadAhead {
  readonly #size: number;
  readonly #readRange: RangeReader;
  readonly #blocks = new Map<number, Block>();
  /** What is being read in order: where each ends, how many bytes it has read, and its last read of all. */
  #streams: { end: number; bytes: number; last: number }[] = [];
  #reads = 0;
  #isClosed = false;

  /**
   * Prepares an image. Nothing is read yet.
   *
   * @param size The size of the image, in bytes.
   * @param readRange Reads a range, or throws `ImageChanged` if another image has taken its place.
   */
  constructor(size: number, readRange: RangeReader) {
    this.#size = size;
    this.#readRange = readRange;
  }

  /**
   * Reads bytes from any position.
   *
   * @param view The buffer to fill from its start.
   * @param position The first byte to read.
   * @returns The number of bytes read, less than the length of the buffer only at the end of the image.
   */
  async read(view: Bytes, position: number): Promise<number> {
    const end = Math.min(this.#size, position + view.length);
    if (position >= end) return 0;
    const isSequential = this.#note(position, end - position) >= SEQUENTIAL;
    let at = position;
    while (at < end) {
      const index = Math.floor(at / CHUNK_SIZE);
      const blockEnd = Math.min((index + 1) * CHUNK_SIZE, this.#size);
      const partEnd = Math.min(end, blockEnd);
      const isWhole = at === index * CHUNK_SIZE && partEnd === blockEnd;
      const block = this.#blocks.get(index) ??
        (isSequential && !isWhole ? this.#load(index, () => true) : undefined);
      if (block === undefined) {
        view.set(await this.#readRange(at, new Uint8Array(partEnd - at)), at - position);
      } else {
        const part = view.subarray(at - position, partEnd - position);
        const copied = block.copyTo(part, at - index * CHUNK_SIZE);
        // Not before: the block itself may make room.
        if (isSequential) this.#loadAhead(index);
        await copied;
      }
      at = partEnd;
    }
    return end - position;
  }

  /** Forgets what was read. */
  close(): void {
    this.#isClosed = true;
    for (const block of this.#blocks.values()) block.remove();
    if (blocks.size === 0) spare.length = 0;
  }

  /** Notes a read; returns how many bytes have been read in order before it. */
  #note(position: number, length: number): number {
    const last = ++this.#reads;
    const near = this.#streams.find(({ end }) => Math.abs(position - end) <= NEAR);
    if (near === undefined) {
      this.#streams = [{ end: position + length, bytes: length, last }, ...this.#streams]
        .slice(0, MAX_STREAMS);
      return 0;
    }
    // What lies between is no gap: requests that are sent together come in any order.
    const before = near.bytes;
    if (position === near.end) near.bytes += length;
    near.end = Math.max(near.end, position + length);
    near.last = last;
    return before;
  }

  #loadAhead(index: number): void {
    for (let next = index + 1; next <= index + this.#ahead(); next++) {
      if (next * CHUNK_SIZE >= this.#size) return;
      if (!this.#blocks.has(next)) this.#load(next, ({ isSpent }) => isSpent);
    }
  }

  /** How many blocks are read ahead: the more programs read in order, the fewer for each. */
  #ahead(): number {
    const programs = this.#streams.filter(({ bytes, last }) =>
      bytes >= SEQUENTIAL && this.#reads - last < RECENT
    );
    return Math.min(AHEAD, Math.floor(BUDGET / CHUNK_SIZE / programs.length) - 1);
  }

  #load(index: number, canEvict: (block: Block) => boolean): Block | undefined {
    if (this.#isClosed || !makeRoom(canEvict)) return undefined;
    const start = index * CHUNK_SIZE;
    const block = new Block(
      Math.min(CHUNK_SIZE, this.#size - start),
      (view) => this.#readRange(start, view),
      () => this.#blocks.delete(index),
    );
    this.#blocks.set(index, block);
    return block;
  }
}
