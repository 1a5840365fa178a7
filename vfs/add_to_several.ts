/**
 * One image into several stores: it is read and digested once, and each store takes it at its own pace.
 *
 * @module
 */
import { createDigests } from "../streams/digest/mod.ts";
import { type Branch, fanOut } from "../streams/fan_out.ts";
import { checkAlgorithm } from "../streams/image_digest.ts";
import type { ByteReader, ChunkObserver } from "../streams/mod.ts";

/** How far several stores may be apart that take the same image. */
export interface SeveralStoresOptions {
  /** How far the slowest store may be behind the fastest, in bytes. Default: 67,108,864 (64 MiB). */
  lag?: number | undefined;
  /**
   * How long the others wait for a store that is as far behind as it may be and takes nothing, in
   * milliseconds. Then it fails alone. Default: 60,000.
   */
  idleTimeout?: number | undefined;
}

/** What is known of the image, and who sees it. */
export interface AddToSeveralOptions extends SeveralStoresOptions {
  /** Its size in bytes, where known. */
  size: number | undefined;
  /** Digest algorithm of the multihash. */
  hashingAlgo: string;
  /** Sees each chunk once. */
  verifier?: ChunkObserver | undefined;
  /** Ends all adds. */
  signal?: AbortSignal | undefined;
}

/**
 * Adds an image to several stores.
 *
 * @typeParam R What an add resolves to.
 * @param reader The bytes. It is closed, unless this function itself throws.
 * @param count The number of stores.
 * @param options What is known of the image, and how far the stores may be apart.
 * @param add Adds the bytes of a reader to one store, by its index; the signal ends this add.
 * @returns What became of each add, in order.
 * @throws {UnknownHashingAlgo} If the algorithm is not known.
 */
export async function addToSeveral<R>(
  reader: ByteReader,
  count: number,
  options: AddToSeveralOptions,
  add: (branch: Branch, signal: AbortSignal, index: number) => Promise<R>,
): Promise<PromiseSettledResult<R>[]> {
  const { size, hashingAlgo, lag = 67_108_864, idleTimeout = 60_000, verifier, signal } = options;
  checkAlgorithm(hashingAlgo);
  const digests = await createDigests(["md5", hashingAlgo], { sizeHint: size });
  const branches = fanOut(reader, count, { lag, idleTimeout, digests, observer: verifier });
  return await Promise.allSettled(branches.map((branch, index) => {
    return add(branch, signal ? AbortSignal.any([signal, branch.signal]) : branch.signal, index);
  }));
}
