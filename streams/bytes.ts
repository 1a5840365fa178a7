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
   * Fills `view` from its start, with fewer bytes only at the end of the data, and resolves to what
   * was filled: empty at the end. `view` is lent until then; a reader may transfer its buffer, so
   * that only the result is to be used afterwards (its `buffer`, at the same offset, is as large as
   * the one lent). Calls do not overlap.
   */
  read(view: Bytes): Promise<Bytes>;
  /** Releases the file, socket or handle at once. Safe to call twice and during a read. */
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
