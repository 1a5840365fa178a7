/**
 * Readers that count: one that fails unless the data has the announced size, and one that stops after so
 * many bytes.
 *
 * @module
 */
import { RemoteServiceUnavailable, SizeMismatch } from "../errors/mod.ts";
import type { ByteReader } from "./bytes.ts";

/**
 * Returns a reader that fails if the data ends before the announced size or goes on after it, so that
 * short data never passes for whole.
 *
 * @param reader The reader to read from. It is closed with the returned one.
 * @param size The announced size, in bytes.
 * @returns The reader. Its `read` throws `RemoteServiceUnavailable` for data that is too short and
 * `SizeMismatch` for data that is too long.
 */
export function exactSizeReader(reader: ByteReader, size: number): ByteReader {
  let count = 0;
  return {
    async read(view) {
      const { length } = view;
      const chunk = await reader.read(view);
      count += chunk.length;
      if (count > size) {
        throw new SizeMismatch(`the backend sent more than the ${size} bytes that it announced`);
      }
      if (chunk.length < length && count < size) {
        throw new RemoteServiceUnavailable(`the data ended after ${count} of ${size} bytes`);
      }
      return chunk;
    },
    close: (reason) => reader.close(reason),
  };
}

/**
 * Returns a reader of the first bytes of another one. What follows them is not read.
 *
 * @param reader The reader to read from. It is closed with the returned one.
 * @param size The number of bytes at most.
 * @returns The reader.
 */
export function limitedReader(reader: ByteReader, size: number): ByteReader {
  let left = size;
  return {
    async read(view) {
      if (left === 0) return view.subarray(0, 0);
      const chunk = await reader.read(view.subarray(0, Math.min(left, view.length)));
      left -= chunk.length;
      return chunk;
    },
    close: (reason) => reader.close(reason),
  };
}
