/**
 * Reading an image: several reads under way ahead of whoever asks, over buffers that go round.
 *
 * @module
 */
import { type Bytes, CHUNK_SIZE } from "../../streams/mod.ts";
import type { ImageReader } from "../driver.ts";
import type { Snapshot } from "./snapshot.ts";

/** Reads under way at once; more gain nothing. */
const DEPTH = 4;

/** A part of the range: being read, then given out from its start. */
interface Piece {
  /** Fills the buffer. */
  bytes: Promise<Bytes>;
  /** How many bytes were given out. */
  given: number;
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
  readonly #snapshot: Snapshot;
  readonly #pieces: Piece[] = [];
  readonly #free: ArrayBuffer[] = [];
  readonly #end: number;
  #next: number;

  /** Reads from byte `start` to before byte `end`. */
  constructor(snapshot: Snapshot, start: number, end: number) {
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
      const bytes = this.#snapshot.read(view, this.#next).then(() => view);
      bytes.catch(() => {});
      this.#pieces.push({ bytes, given: 0 });
      this.#next += length;
    }
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
