/**
 * A reader that digests what passes and refuses to end well if it is not what it should be.
 *
 * @module
 */
import { ChecksumMismatch } from "../errors/mod.ts";
import type { ByteReader } from "./bytes.ts";
import { createDigests } from "./digest/mod.ts";
import type { Multihash } from "./transfer.ts";

/** The digests that an image should have; those left out are not checked. */
export interface ExpectedDigests {
  /** md5 in hex. */
  checksum?: string | undefined;
  /** The second digest. */
  multihash?: Multihash | undefined;
}

/**
 * A reader that digests what passes and throws `ChecksumMismatch` where it would end if the digests
 * are not the expected ones. Where the size is known, that is before the last bytes are given.
 */
export async function verified(
  reader: ByteReader,
  expected: ExpectedDigests,
  size: number | undefined,
): Promise<ByteReader> {
  const wanted = new Map<string, string>();
  if (expected.checksum) wanted.set("md5", expected.checksum.toLowerCase());
  if (expected.multihash) {
    wanted.set(expected.multihash.algo, expected.multihash.value.toLowerCase());
  }
  const digests = await createDigests(
    [...wanted.keys()],
    size === undefined ? {} : { sizeHint: size },
  );
  let count = 0;
  let checked = false;
  async function check(): Promise<void> {
    checked = true;
    const values = await digests.digest();
    for (const [algo, value] of wanted) {
      if (values[algo] !== value) {
        throw new ChecksumMismatch(`${algo} is ${values[algo]}, expected ${value}`);
      }
    }
  }
  return {
    async read(view) {
      const { length } = view;
      const chunk = await reader.read(view);
      if (checked) return chunk;
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
