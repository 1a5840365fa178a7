/**
 * The digests of an image: what was computed, and what is expected.
 *
 * @module
 */
import { ChecksumMismatch, UnknownHashingAlgo } from "../errors/mod.ts";
import { isKnownAlgorithm } from "./digest/mod.ts";

/** A digest and its algorithm, as glance names them. */
export interface Multihash {
  /** Algorithm: `sha512`, `sha256`, ... */
  algo: string;
  /** Digest in lower-case hex. */
  value: string;
}

/** The size and the digests of the bytes that an image was made from. */
export interface ImageDigest {
  /** Size in bytes. */
  size: number;
  /** md5 in lower-case hex. */
  checksum: string;
  /** The second digest. */
  multihash: Multihash;
}

/** The digests that an image should have. Those that are missing are not checked. */
export interface ExpectedDigests {
  /** md5 in hex. */
  checksum?: string | undefined;
  /** The second digest. */
  multihash?: Multihash | undefined;
}

/**
 * Checks that a digest algorithm is known.
 *
 * @param hashingAlgo The name of the algorithm.
 * @throws {UnknownHashingAlgo} If it is not known.
 */
export function checkAlgorithm(hashingAlgo: string): void {
  if (!isKnownAlgorithm(hashingAlgo)) {
    throw new UnknownHashingAlgo(`unknown digest algorithm ${JSON.stringify(hashingAlgo)}`);
  }
}

/**
 * Returns what has to be computed to check the expected digests.
 *
 * @param expected The expected digests. An empty text counts as a digest, which no data has.
 * @returns Pairs of an algorithm and the expected value in lower-case hex.
 */
export function expectedValues(
  { checksum, multihash }: ExpectedDigests,
): (readonly [algorithm: string, value: string])[] {
  const values: [string, string][] = [];
  if (typeof checksum === "string") values.push(["md5", checksum.toLowerCase()]);
  if (multihash) values.push([multihash.algo, multihash.value.toLowerCase()]);
  return values;
}

/**
 * Checks computed digests against the expected ones.
 *
 * @param values The computed digests in lower-case hex, by algorithm.
 * @param expected The expected digests.
 * @throws {ChecksumMismatch} If one of them is different.
 */
export function checkDigests(
  values: Readonly<Record<string, string>>,
  expected: ExpectedDigests,
): void {
  for (const [algorithm, value] of expectedValues(expected)) {
    if (values[algorithm] !== value) {
      throw new ChecksumMismatch(`${algorithm} is ${values[algorithm]}, expected ${value}`);
    }
  }
}
