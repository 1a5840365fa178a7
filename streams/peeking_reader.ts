/**
 * A reader whose first bytes can be looked at before they are read.
 *
 * @module
 */
// Small: only what is unpacked is looked into before it is read.
import type { ByteReader } from "./bytes.ts";

/** A reader whose first bytes can be looked at. */
export interface PeekingReader extends ByteReader {
  /**
   * Returns the first bytes. They are read again afterwards. Called once, before `read`.
   *
   * @param size How many; fewer only if there are no more.
   */
  peek(size: number): Promise<Uint8Array>;
}

/**
 * Returns a reader that can be looked into.
 *
 * @param reader The reader to read from. It is closed with the returned one.
 * @returns The reader.
 */
export function peekingReader(reader: ByteReader): PeekingReader {
  let head = new Uint8Array();
  return {
    async peek(size) {
      head = await reader.read(new Uint8Array(size));
      return head;
    },
    async read(view) {
      if (head.length === 0) return await reader.read(view);
      const count = Math.min(head.length, view.length);
      view.set(head.subarray(0, count));
      head = head.subarray(count);
      if (count === view.length) return view;
      const { byteOffset, byteLength } = view;
      const rest = await reader.read(view.subarray(count));
      return new Uint8Array(rest.buffer, byteOffset, Math.min(byteLength, count + rest.length));
    },
    close: (reason) => reader.close(reason),
  };
}
