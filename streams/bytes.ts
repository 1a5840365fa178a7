/**
 * The chunk size and the pull interface that every byte goes through. It is short, because every other
 * module of the room imports it.
 *
 * @module
 */
// Small: the types that every other file of the room imports.

/** Bytes over a buffer of their own, which a BYOB reader can take over. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Size of a chunk, in bytes: 4 MiB, as glance_store's READ_CHUNKSIZE and WRITE_CHUNKSIZE. */
export const CHUNK_SIZE = 4_194_304;

/**
 * Bytes that are pulled, into a buffer that the caller lends.
 *
 * One pull-based path leads from every source to every sink, so that nothing is queued.
 */
export interface ByteReader {
  /**
   * Reads the next bytes into a buffer. Calls do not overlap.
   *
   * @param view The buffer to fill from its start. It is lent until the promise settles, and the reader may
   * transfer its memory: use only the result afterwards.
   * @returns What was filled: all of the view, or less at the end of the data, and nothing after it. Its
   * `buffer` is as large as the one that was lent, and it starts at the same offset.
   */
  read(view: Bytes): Promise<Bytes>;
  /**
   * Releases the file, socket or handle at once. Safe to call twice and during a read.
   *
   * @param reason The error that ended the read. Default: none, the data was read as far as it was wanted.
   */
  close(reason?: unknown): Promise<void>;
}

/** A reader that is at its end. */
export const NO_BYTES: ByteReader = {
  read: (view) => Promise.resolve(view.subarray(0, 0)),
  close: () => Promise.resolve(),
};

/** A part of an image. */
export interface ByteRange {
  /** First byte, from 0. */
  offset: number;
  /** Number of bytes at most; `undefined` reads to the end. */
  length: number | undefined;
}
