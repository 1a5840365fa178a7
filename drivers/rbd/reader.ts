/**
 * Reading an image: several reads under way ahead of the caller, over buffers that are used again.
 *
 * @module
 */
import { type Bytes, CHUNK_SIZE } from "../../streams/mod.ts";
import type { ImageReader } from "../../store/driver.ts";
import { isZero } from "../shared/sparse.ts";
import type { Snapshot } from "./snapshot.ts";

/** Pieces under way at once, and the reads that each is made of: more or larger ones gain nothing. */
const [DEPTH, READ_SIZE] = [4, CHUNK_SIZE / 2];

/** A part of the range: being read, then given out from its start. */
interface Piece {
  /** Fills the buffer. */
  bytes: Promise<Bytes>;
  /** How many bytes were given out. */
  given: number;
  /** Whether it is the end of the range. */
  last: boolean;
}

/** Reads a range of a snapshot, and closes the snapshot. */
export class RbdReader implements ImageReader {
  /** Bytes in the range. */
  readonly size: number;
  /** Bytes in the image. */
  readonly total: number;
  /** The snapshot's entity tag. */
  readonly etag: string;
  /** When the image became whole. */
  readonly modified: Date;
  /** Whether the image is known to have holes. */
  readonly isSparse: boolean;
  readonly #snapshot: Snapshot;
  readonly #pieces: Piece[] = [];
  readonly #free: ArrayBuffer[] = [];
  readonly #end: number;
  #next: number;

  /** Reads from byte `start` to before byte `end`; holes are not read if the image is known to have some. */
  constructor(snapshot: Snapshot, start: number, end: number, isSparse: boolean) {
    this.isSparse = isSparse;
    this.size = end - start;
    this.total = snapshot.info.size;
    this.etag = snapshot.etag;
    this.modified = snapshot.info.created;
    this.#snapshot = snapshot;
    this.#next = start;
    this.#end = end;
  }

  /** Fills the view, or lends its buffer to a later read and gives one that is full. */
  async read(view: Bytes): Promise<Bytes> {
    let filled = 0;
    while (filled < view.length) {
      this.#readAhead();
      const piece = this.#pieces[0];
      if (piece === undefined) break;
      const bytes = await piece.bytes;
      // Where it stands in the end it has stood all the time; before, zeros show that it is gone.
      if (piece.last && piece.given === 0) await this.#snapshot.stands();
      const wanted = bytes.subarray(piece.given, piece.given + view.length - filled);
      piece.given += wanted.length;
      if (piece.given === bytes.length) this.#pieces.shift();
      if (isAlike(wanted, view)) {
        this.#free.push(view.buffer);
        return wanted;
      }
      view.set(wanted, filled);
      filled += wanted.length;
      if (piece.given === bytes.length) this.#free.push(bytes.buffer);
    }
    return view.subarray(0, filled);
  }

  #readAhead(): void {
    while (this.#pieces.length < DEPTH && this.#next < this.#end) {
      const length = Math.min(CHUNK_SIZE, this.#end - this.#next);
      const free = this.#free.pop();
      const buffer = free && free.byteLength >= length ? free : new ArrayBuffer(length);
      const view = new Uint8Array(buffer, 0, length);
      const bytes = this.#fill(view, this.#next);
      bytes.catch(() => {});
      this.#next += length;
      this.#pieces.push({ bytes, given: 0, last: this.#next === this.#end });
    }
  }

  async #fill(view: Bytes, start: number): Promise<Bytes> {
    const extents = this.isSparse
      ? await this.#snapshot.extents(start, view.length)
      : [{ kind: "data", offset: start, length: view.length }];
    await Promise.all(extents.map(({ kind, offset, length }) => {
      const part = view.subarray(offset - start, offset - start + length);
      return kind === "hole" ? part.fill(0) : this.#fillData(part, offset);
    }));
    return view;
  }

  async #fillData(view: Bytes, start: number): Promise<void> {
    const reads: Promise<void>[] = [];
    for (let at = 0; at < view.length; at += READ_SIZE) {
      reads.push(this.#snapshot.read(view.subarray(at, at + READ_SIZE), start + at));
    }
    await Promise.all(reads);
    if (this.#hasHole(view, start)) await this.#snapshot.stands();
  }

  /** Whether the bytes of one of the image's objects are all zero, as those of a missing one are. */
  #hasHole(view: Bytes, start: number): boolean {
    const objectSize = 2 ** this.#snapshot.info.order;
    for (let at = 0; at < view.length;) {
      const end = at + objectSize - (start + at) % objectSize;
      if (isZero(view.subarray(at, end))) return true;
      at = end;
    }
    return false;
  }

  /** Closes the snapshot once no read is under way. */
  close(): Promise<void> {
    return this.#snapshot.close();
  }
}

/** Whether one array can take the place of the other: all of a buffer of the same size. */
function isAlike(a: Bytes, b: Bytes): boolean {
  return a.length === b.length && a.length === a.buffer.byteLength &&
    b.length === b.buffer.byteLength;
}
