/**
 * A reader whose bytes are digested on their way, by any number of algorithms.
 *
 * @module
 */
import type { ByteReader } from "./bytes.ts";
import { createDigests } from "./digest/mod.ts";

/** A reader that digests what is read from it. */
export interface DigestingReader extends ByteReader {
  /** How many bytes were read. */
  readonly count: number;
  /** The digests in lower-case hex, by algorithm; empty before the end was read. */
  readonly values: Record<string, string>;
}

/**
 * Returns a reader that digests what is read from another one.
 *
 * @param reader The reader to read from. It is closed with the returned one.
 * @param algorithms The algorithms; none is allowed.
 * @param check Called with the digests at the end, and awaited; what it throws, the last `read` throws.
 * @returns The reader.
 * @throws {UnknownHashingAlgo} If an algorithm is not known.
 */
export async function digestingReader(
  reader: ByteReader,
  algorithms: readonly string[],
  check: (values: Record<string, string>) => void | Promise<void>,
): Promise<DigestingReader> {
  const digests = await createDigests(algorithms);
  let [count, isOver] = [0, false];
  let values: Record<string, string> = {};
  return {
    get count() {
      return count;
    },
    get values() {
      return values;
    },
    async read(view) {
      const { length } = view;
      const chunk = await reader.read(view);
      count += chunk.length;
      if (chunk.length > 0 && !isOver) await digests.update(chunk);
      // A reader gives less than was requested only at its end.
      if (chunk.length < length && !isOver) {
        isOver = true;
        values = await digests.digest();
        await check(values);
      }
      return chunk;
    },
    async close(reason) {
      isOver = true;
      digests.close();
      await reader.close(reason);
    },
  };
}
