/**
 * How a read that can be resumed is opened, and how far it has come.
 *
 * @module
 */
import { RemoteServiceUnavailable } from "../errors/mod.ts";
import type { ByteRange, ByteReader, Bytes } from "../streams/mod.ts";
import type { RetryOptions } from "./backoff.ts";

/** A body that has been opened for reading. */
export interface OpenedBody {
  /** The bytes of the range. */
  body: ByteReader;
  /** How many bytes the range has, if known. */
  size: number | undefined;
  /** Size of the whole image in bytes, if known. */
  total: number | undefined;
  /** The entity tag with its quotes, if there is one. */
  etag: string | undefined;
  /** When the image was last changed, if known. */
  modified?: Date | undefined;
  /**
   * What distinguishes this representation from every other: a strong entity tag, or a date that is as
   * good (RFC 9110, section 8.8). Without one, a read that has begun is not resumed.
   */
  validator: string | undefined;
}

/**
 * Opens a range of an image. With `validator`, it throws `ImageChanged` unless the range is of that
 * representation.
 */
export type OpenBody = (range: ByteRange, validator: string | undefined) => Promise<OpenedBody>;

/** Options of a read that can be resumed. */
export interface ResumeOptions extends RetryOptions {
  /** Ends the waits. */
  signal?: AbortSignal | undefined;
}

/** How far a read has come. */
export interface ReadState {
  /** The body that is being read. */
  body: ByteReader;
  /** How many bytes the range has, if known. */
  end: number | undefined;
  /** How many bytes have been read. */
  count: number;
  /** The validator of the representation. */
  validator: string | undefined;
  /** Whether bytes have arrived since the last break. */
  hasProgressed: boolean;
  /** Whether the reader has been closed. */
  isClosed: boolean;
}

/**
 * Checks that a piece does not end the data before its size.
 *
 * @param piece The piece.
 * @param wanted How many bytes were to be read.
 * @param before How many bytes were read before.
 * @param end How many bytes there are in all, if known.
 * @returns The piece.
 * @throws {RemoteServiceUnavailable} If the data has ended too early.
 */
export function checkPiece(
  piece: Bytes,
  wanted: number,
  before: number,
  end: number | undefined,
): Bytes {
  const count = before + piece.length;
  if (piece.length < wanted && end !== undefined && count < end) {
    throw new RemoteServiceUnavailable(`the data ended after ${count} of ${end} bytes`);
  }
  return piece;
}
