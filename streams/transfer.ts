/**
 * From a source to a sink: the loop of `add`. Reading, digesting and writing run side by side over a
 * few buffers that go round, so that the slowest of them alone sets the pace and memory is bounded.
 *
 * @module
 */
import { SizeMismatch } from "../errors/mod.ts";
import { abortable } from "./abort.ts";
import { type ByteReader, type Bytes, CHUNK_SIZE } from "./bytes.ts";
import { createDigests, type Digests } from "./digest/mod.ts";
import { checkDigests, type ExpectedDigests, type ImageDigest } from "./image_digest.ts";
import { sharedDigests } from "./shared_digests.ts";
import { isWorkerd } from "../runtime/mod.ts";

/** Anything that wants to see each chunk of an image on its way, a signature verifier for example. */
export interface ChunkObserver {
  /**
   * Sees the next chunk of the image, in order.
   *
   * @param chunk The bytes, at most 4 MiB. They are lent until the call returns, or until the promise that
   * it returns settles; they must not be changed.
   * @param moved How many of the bytes are moved: not those of a hole that stays one. Default: all.
   * @returns Anything. If it is a promise, the image waits for it; what it throws ends the add.
   */
  update(chunk: Uint8Array, moved?: number): unknown;
  /**
   * Judges what it has seen, once that is the whole image and before the image appears. Default: nothing.
   *
   * @returns Anything. If it is a promise, the image waits for it; what it throws ends the add, and
   * nothing of the image is left.
   */
  end?(): unknown;
}

/** What a transfer moves and where to. */
export interface TransferOptions {
  /** Size that the data must have, in bytes; `undefined` where nobody knows. */
  size: number | undefined;
  /** Digest algorithm of the multihash. */
  hashingAlgo: string;
  /** Digests that the data must have. */
  expected?: ExpectedDigests | undefined;
  /** Sees each chunk too. */
  verifier?: ChunkObserver | undefined;
  /** Ends the transfer; its reason is thrown. */
  signal?: AbortSignal | undefined;
  /** Size in bytes of the sink's parts, if it wants the md5 of each. */
  partSize?: number | undefined;
  /**
   * Takes the next chunk. Calls do not overlap.
   *
   * @param chunk The bytes: 4 MiB, or fewer if it is the last chunk. They are lent until the promise settles.
   * @param md5s The md5 of each part that ends in the chunk, in lower-case hex. All of them, or none if they would
   * not be computed along with the rest.
   * @returns Nothing, or a buffer of the same size in exchange for the chunk's, which is then kept.
   */
  write(chunk: Bytes, md5s: readonly Promise<string>[]): Promise<ArrayBuffer | void>;
}

/** How many 4 MiB buffers are under way: one being read, one each for digests and sink, one spare. */
const BUFFERS = 4;

/** Up to this many bytes an image is moved at once, its digests computed on the caller's thread. */
const SMALL = 256 * 1024;

/**
 * Bytes of a buffer before its chunk. Memory of that size begins 16 bytes into a page (glibc), to where
 * the kernel copies at little more than half of the speed that it has from the next cache line on.
 * workerd's BYOB readers take no view that begins inside its buffer.
 */
const LEAD = isWorkerd() ? 0 : 48;

/**
 * Moves all data of a reader to a sink, and computes its digests on the way.
 *
 * When the promise settles, the reader is closed and no write is under way.
 *
 * @param reader Where the data comes from.
 * @param options Where the data goes, and the size and the digests that it must have.
 * @returns The size in bytes and the digests.
 * @throws {SizeMismatch} If the data is too long or too short. It is thrown before the last chunk is written.
 * @throws {ChecksumMismatch} If a digest differs.
 * @throws {unknown} What the reader or the sink throws, or the reason of the signal.
 */
export async function transfer(
  reader: ByteReader,
  options: TransferOptions,
): Promise<ImageDigest> {
  const { size, hashingAlgo, expected = {}, signal, verifier, partSize } = options;
  const algorithms = [...new Set(["md5", hashingAlgo, expected.multihash?.algo ?? "md5"])];
  const digests = sharedDigests(reader, algorithms) ??
    await createDigests(algorithms, { sizeHint: size, partSize });
  if (size !== undefined && size <= SMALL) {
    return await transferAtOnce(reader, digests, size, options);
  }
  // One byte more than the size shows data that is too long.
  const room = Math.min(CHUNK_SIZE, (size ?? Infinity) + 1);
  const failed = new AbortController();
  const abort = abortable(AbortSignal.any([failed.signal, ...(signal ? [signal] : [])]));
  let stopped = false;
  let written: Promise<ArrayBuffer | void> = Promise.resolve();
  let digested: Promise<unknown> = Promise.resolve();
  try {
    const used: Promise<unknown>[] = [];
    const free: ArrayBuffer[] = [];
    let observed: Promise<unknown> = Promise.resolve();
    let seen: Promise<unknown> = Promise.resolve();
    let count = 0;
    for (;;) {
      if (used.length === BUFFERS - 1) await abort.race(used.shift()!);
      const buffer = free.pop() ?? new ArrayBuffer(LEAD + room);
      const view = new Uint8Array(buffer, LEAD);
      const chunk = await abort.race(reader.read(view));
      count += chunk.length;
      if (size !== undefined) checkCount(count, size, chunk.length < room);
      if (chunk.length === 0) break;
      const start = count - chunk.length;
      // While the next chunk is being read, as an engine may work on this very thread.
      const fed = Promise.resolve().then(() => feed(digests, chunk, start, partSize));
      const update = fed.then(({ done }) => done);
      digested = Promise.allSettled([digested, update]);
      observed = observed.then(() => verifier?.update(chunk));
      written = Promise.all([fed, written])
        .then(([{ md5s }]) => stopped ? undefined : options.write(chunk, md5s));
      // The sink may give the buffer of an earlier chunk, so that one must have been seen too.
      seen = Promise.all([seen, update, observed]);
      const done = Promise.all([written, seen])
        .then(([other]) => free.push(other ?? chunk.buffer));
      // A source that says nothing for long is not to hide it.
      done.catch((error) => failed.abort(error));
      used.push(done);
      if (chunk.length < room) break;
    }
    await abort.race(Promise.all(used));
    const values = await abort.race(digests.digest());
    checkDigests(values, expected);
    await reader.close();
    return digestOf(values, count, hashingAlgo);
  } catch (error) {
    stopped = true;
    digests.close();
    // What is being written and digested is still lent, and the sink is cleaned up by the caller next.
    await Promise.allSettled([reader.close(error), written, digested]);
    throw error;
  } finally {
    abort.dispose();
  }
}

/**
 * Moves an image that takes one read and one write, for which nothing runs side by side: the loop's
 * promises and buffers cost more than such an image.
 */
async function transferAtOnce(
  reader: ByteReader,
  digests: Digests,
  size: number,
  { hashingAlgo, expected = {}, signal, verifier, partSize, write }: TransferOptions,
): Promise<ImageDigest> {
  let written: Promise<unknown> | undefined;
  const abort = abortable(signal);
  try {
    const chunk = await abort.race(reader.read(new Uint8Array(size + 1)));
    checkCount(chunk.length, size, chunk.length <= size);
    if (size > 0) {
      const { done, md5s } = feed(digests, chunk, 0, partSize);
      await abort.race(done);
      await abort.race(Promise.resolve(verifier?.update(chunk)));
      written = write(chunk, md5s);
      await abort.race(written);
    }
    const values = await abort.race(digests.digest());
    checkDigests(values, expected);
    await reader.close();
    return digestOf(values, size, hashingAlgo);
  } catch (error) {
    digests.close();
    // What is being written is still lent, and the sink is cleaned up by the caller next.
    await Promise.allSettled([reader.close(error), written]);
    throw error;
  } finally {
    abort.dispose();
  }
}

/** Throws `SizeMismatch` where `count` bytes are too many, or too few at the end of the data. */
function checkCount(count: number, size: number, isAtEnd: boolean): void {
  if (count > size) {
    throw new SizeMismatch(`the data is longer than the ${size} bytes declared`);
  }
  if (isAtEnd && count < size) {
    throw new SizeMismatch(`the data ended after ${count} of ${size} bytes`);
  }
}

function digestOf(
  values: Readonly<Record<string, string>>,
  size: number,
  hashingAlgo: string,
): ImageDigest {
  return {
    size,
    checksum: values["md5"]!,
    multihash: { algo: hashingAlgo, value: values[hashingAlgo]! },
  };
}

/** What came of a chunk. */
interface Fed {
  /** Resolves when the chunk is no longer needed. */
  done: Promise<unknown>;
  /** The md5 of each part that ends in it. */
  md5s: Promise<string>[];
}

/** Feeds a chunk that begins at `start` to the digests, and ends the parts that end in it. */
function feed(digests: Digests, chunk: Bytes, start: number, partSize: number | undefined): Fed {
  const done: unknown[] = [];
  const md5s: Promise<string>[] = [];
  let at = 0;
  if (digests.endPart && partSize) {
    for (let end = partSize - start % partSize; end <= chunk.length; end += partSize) {
      done.push(digests.update(chunk.subarray(at, end)));
      const md5 = digests.endPart();
      // The sink does not await them if it fails before.
      md5.catch(() => {});
      md5s.push(md5);
      at = end;
    }
  }
  done.push(digests.update(chunk.subarray(at)));
  return { done: Promise.all(done), md5s };
}
