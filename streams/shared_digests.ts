/**
 * Digests that somebody else computes of the bytes of a reader: several stores that take one image share
 * one pass. A file of its own, so that the transfer does not load what fans an image out.
 *
 * @module
 */
// Small: the one way for digests around the transfer, which must stay easy to find.
import type { Digests } from "./digest/mod.ts";

/** Keyed by the reader itself, so that a reader that changes the bytes of another one shares nothing. */
const shared = new WeakMap<object, Digests>();

/**
 * Sets the digests of all bytes of a reader.
 *
 * @param reader The reader.
 * @param digests The digests. They are not updated by who reads.
 */
export function shareDigests(reader: object, digests: Digests): void {
  shared.set(reader, digests);
}

/**
 * Returns the digests that are computed elsewhere of the bytes of a reader.
 *
 * @param reader The reader.
 * @param algorithms The algorithms that are needed.
 * @returns The digests, or `undefined` if there are none, or not of all of these algorithms.
 */
export function sharedDigests(
  reader: object,
  algorithms: readonly string[],
): Digests | undefined {
  const digests = shared.get(reader);
  return algorithms.every((one) => digests?.algorithms.includes(one)) ? digests : undefined;
}

/**
 * Has a reader share the digests of another one that has the same bytes.
 *
 * @param from The reader whose digests are known.
 * @param to The other one.
 */
export function passDigests(from: object, to: object): void {
  const digests = shared.get(from);
  if (digests) shared.set(to, digests);
}
