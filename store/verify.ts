/**
 * Reads whose digests are checked on the way. Loaded with the first one.
 *
 * @module
 */
import { Invalid } from "../errors/mod.ts";
import type { ByteReader, ExpectedDigests } from "../streams/mod.ts";
import { verifyingReader } from "../streams/verify.ts";
import type { DriverStat, GetOptions } from "./types.ts";

/** Holds a reader to the digests that are expected, where its size is known to that. */
export type Verify = (reader: ByteReader, size: number | undefined) => Promise<ByteReader>;

/**
 * Returns what compares the data of a `get` with its digests: those of `options.verify`, or with `verify: true`
 * those that the store has.
 *
 * @param options The options of the `get`. A range is not allowed.
 * @param stat Reads what the store knows of the image.
 * @returns A function that wraps the reader of the image. The reader it returns fails instead of ending if
 * a digest differs.
 * @throws {Invalid} If only a part of the image is read, or no digest is known.
 */
export async function verifying(
  options: GetOptions,
  stat: () => Promise<DriverStat>,
): Promise<Verify> {
  const expected = await expectedDigests(options, stat);
  return async (reader, size) => {
    try {
      return await verifyingReader(reader, expected, size);
    } catch (error) {
      await reader.close(error).catch(() => {});
      throw error;
    }
  };
}

async function expectedDigests(
  { verify, offset, length, suffix }: GetOptions,
  stat: () => Promise<DriverStat>,
): Promise<ExpectedDigests> {
  const held = async () => {
    const known = await stat();
    return known.recorded ?? known;
  };
  if (offset || (length ?? suffix) !== undefined) {
    throw new Invalid("only a whole image can be verified");
  }
  const { checksum, multihash } = typeof verify === "object" ? verify : await held();
  // From a database, what is not known is `null`.
  if (!checksum && !multihash) {
    throw new Invalid("nothing is known to verify the image against");
  }
  return { checksum, multihash };
}
