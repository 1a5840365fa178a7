/**
 * A reader that is held to the size that it announced.
 *
 * @module
 */
import { RemoteServiceUnavailable, SizeMismatch } from "../errors/mod.ts";
import type { ByteReader } from "./bytes.ts";

/**
 * A reader that fails where the data ends before `size` bytes or goes on after them, so that short
 * data is never taken for whole.
 */
export function exactly(reader: ByteReader, size: number): ByteReader {
  let count = 0;
  return {
    async read(view) {
      const { length } = view;
      const chunk = await reader.read(view);
      count += chunk.length;
      if (count > size) {
        throw new SizeMismatch(`the backend sent more than the ${size} bytes it announced`);
      }
      if (chunk.length < length && count < size) {
        throw new RemoteServiceUnavailable(`the data ended after ${count} of ${size} bytes`);
      }
      return chunk;
    },
    close: (reason) => reader.close(reason),
  };
}
