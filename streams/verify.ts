/**
 * A reader that verifies the digests of what it reads.
 *
 * @module
 */
import type { ByteReader } from "./bytes.ts";
import { createDigests } from "./digest/mod.ts";
import { checkDigests, type ExpectedDigests, expectedValues } from "./image_digest.ts";

/**
 * Returns a reader that computes digests of what it reads and compares them at the end. If the size is
 * known, they are compared before the last bytes are returned, so that nobody takes a damaged image for
 * a whole one.
 *
 * @param reader The reader to read from. It is closed with the returned one.
 * @param expected The expected digests.
 * @param size The number of bytes that the reader has, if known.
 * @returns The reader. Its `read` throws `ChecksumMismatch` at the end if a digest is different.
 * @throws {UnknownHashingAlgo} If the algorithm of the expected multihash is not known.
 */
export async function verifyingReader(
  reader: ByteReader,
  expected: ExpectedDigests,
  size: number | undefined,
): Promise<ByteReader> {
  const digests = await createDigests(
    expectedValues(expected).map(([algorithm]) => algorithm),
    size === undefined ? {} : { sizeHint: size },
  );
  let count = 0;
  let isChecked = false;
  async function check(): Promise<void> {
    isChecked = true;
    checkDigests(await digests.digest(), expected);
  }
  return {
    async read(view) {
      const { length } = view;
      const chunk = await reader.read(view);
      if (isChecked) return chunk;
      await digests.update(chunk);
      count += chunk.length;
      if (chunk.length < length || count === size) await check();
      return chunk;
    },
    async close(reason) {
      digests.close();
      await reader.close(reason);
    },
  };
}
