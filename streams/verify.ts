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
  const digests = await createDigests(
    wantedDigests(expected).map(([algo]) => algo),
    size === undefined ? {} : { sizeHint: size },
  );
  let count = 0;
  let checked = false;
  async function check(): Promise<void> {
    checked = true;
    refuseOthers(await digests.digest(), expected);
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

/** Throws `ChecksumMismatch` if one of the values, by algorithm, is not the expected one. */
export function refuseOthers(
  values: Readonly<Record<string, string>>,
  expected: ExpectedDigests,
): void {
  for (const [algo, value] of wantedDigests(expected)) {
    if (values[algo] !== value) {
      throw new ChecksumMismatch(`${algo} is ${values[algo]}, expected ${value}`);
    }
  }
}

function wantedDigests({ checksum, multihash }: ExpectedDigests): (readonly [string, string])[] {
  const wanted: [string, string][] = [];
  // What is empty is no digest, and must not pass for one that holds.
  if (typeof checksum === "string") wanted.push(["md5", checksum.toLowerCase()]);
  if (multihash) wanted.push([multihash.algo, multihash.value.toLowerCase()]);
  return wanted;
}
