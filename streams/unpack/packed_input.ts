/**
 * The packed bytes that an unpacker reads: by pieces, by exact counts, and with a way to give back what
 * belongs to the next part of the format.
 *
 * @module
 */
import { Invalid } from "../../errors/mod.ts";
import type { ByteReader } from "../bytes.ts";

/** The size of the pieces in which packed bytes are read, in bytes. */
const PIECE = 262_144;

/** How many pieces are there at a time: an engine ends in one of the last. */
const PIECES = 4;

/** Packed bytes, read from a reader. */
export class PackedInput {
  readonly #reader: ByteReader;
  readonly #name: string;
  /** Buffers that go round: garbage of their size would stand for tens of MiB before it is collected. */
  readonly #buffers: ArrayBuffer[] = [];
  #rest: Uint8Array = new Uint8Array();
  #count = 0;

  /**
   * Creates it. Nothing is read yet.
   *
   * @param reader The packed bytes.
   * @param name The name of the format, for errors.
   */
  constructor(reader: ByteReader, name: string) {
    this.#reader = reader;
    this.#name = name;
  }

  /** How many bytes were taken, in bytes. */
  get count(): number {
    return this.#count;
  }

  /**
   * Takes the next piece.
   *
   * @param most The most bytes to take.
   * @returns The piece, lent until three more have been taken; empty at the end.
   */
  async next(most: number = PIECE): Promise<Uint8Array> {
    if (this.#rest.length === 0) this.#rest = await this.#read();
    const piece = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(piece.length);
    this.#count += piece.length;
    return piece;
  }

  async #read(): Promise<Uint8Array> {
    const buffers = this.#buffers;
    const buffer = buffers.length < PIECES ? new ArrayBuffer(PIECE) : buffers.shift()!;
    const piece = await this.#reader.read(new Uint8Array(buffer));
    buffers.push(piece.buffer);
    return piece;
  }

  /**
   * Gives back the end of the last piece.
   *
   * @param bytes The bytes, which are taken again next.
   */
  giveBack(bytes: Uint8Array): void {
    this.#count -= bytes.length;
    const rest = new Uint8Array(bytes.length + this.#rest.length);
    rest.set(bytes);
    rest.set(this.#rest, bytes.length);
    this.#rest = rest;
  }

  /**
   * Takes exactly so many bytes.
   *
   * @param size The number of bytes.
   * @returns The bytes.
   * @throws {Invalid} If the data ends before.
   */
  exactly(size: number): Promise<Uint8Array> {
    return this.fill(new Uint8Array(size));
  }

  /**
   * Takes as many bytes as a buffer has.
   *
   * @param view The buffer.
   * @returns The same buffer, filled.
   * @throws {Invalid} If the data ends before.
   */
  async fill(view: Uint8Array): Promise<Uint8Array> {
    for (let filled = 0; filled < view.length;) {
      const piece = await this.next(view.length - filled);
      if (piece.length === 0) throw this.truncated();
      view.set(piece, filled);
      filled += piece.length;
    }
    return view;
  }

  /**
   * Takes so many bytes, piece by piece.
   *
   * @param size The number of bytes.
   * @returns The pieces.
   * @throws {Invalid} If the data ends before.
   */
  async *bytes(size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0;) {
      const piece = await this.next(left);
      if (piece.length === 0) throw this.truncated();
      left -= piece.length;
      yield piece;
    }
  }

  /**
   * Skips so many bytes.
   *
   * @param size The number of bytes.
   * @throws {Invalid} If the data ends before.
   */
  async skip(size: number): Promise<void> {
    for await (const _piece of this.bytes(size));
  }

  /**
   * Returns whether all bytes were taken.
   *
   * @returns Whether nothing follows.
   */
  async isAtEnd(): Promise<boolean> {
    const piece = await this.next();
    this.giveBack(piece);
    return piece.length === 0;
  }

  /**
   * Skips zeros after a part of the format, of which several may follow one another.
   *
   * @param first The first byte of such a part.
   * @returns Whether the data ends there. If not, another part follows.
   * @throws {Invalid} If something else follows.
   */
  async isAtEndBut(first: number): Promise<boolean> {
    for (let isPadded = false;; isPadded = true) {
      const piece = await this.next();
      if (piece.length === 0) return true;
      const other = piece.findIndex((byte) => byte !== 0);
      if (other < 0) continue;
      this.giveBack(piece.subarray(other));
      // Zeros end the data: what follows them is garbage, to the programs that made it too.
      if (isPadded || other > 0 || piece[other] !== first) throw this.garbage();
      return false;
    }
  }

  /**
   * Creates the error of data that ends too early.
   *
   * @returns The error.
   */
  truncated(): Invalid {
    return new Invalid(`the ${this.#name} data is cut off after ${this.#count} bytes`);
  }

  /**
   * Creates the error of data that are not what the format has.
   *
   * @param reason What is wrong.
   * @param cause The error of a library.
   * @returns The error.
   */
  corrupt(reason: string, cause?: unknown): Invalid {
    return new Invalid(`the ${this.#name} data is corrupt: ${reason}`, { cause });
  }

  /**
   * Creates the error of bytes after the end that belong to nothing.
   *
   * @returns The error.
   */
  garbage(): Invalid {
    return new Invalid(`after the end of the ${this.#name} data, other bytes follow`);
  }
}
