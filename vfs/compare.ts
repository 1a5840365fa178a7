/**
 * Comparing two images without copying either, as far as what is known of them allows.
 *
 * @module
 */
import type { Multihash } from "../streams/mod.ts";
import { transfer } from "../streams/transfer.ts";
import { withTreePath } from "./errors.ts";
import type { FileInfo } from "./file_info.ts";
import { pathBelow, type TreeImage, type TreeRoot, type TreeWork } from "./tree_work.ts";

/** What a comparison came to. `unknown`: the sizes are the same, and no digest says more. */
export interface Comparison {
  /** Whether the images are the same. */
  result: "same" | "differs" | "unknown";
  /** What differs. */
  reason?: string;
}

/** An image that is compared. */
export interface ComparedImage {
  /** The tree that it is in. */
  root: TreeRoot;
  /** What the listing says of it. */
  image: TreeImage;
}

/** How images are compared. */
export interface CompareOptions {
  /** Whether digests that are not known are computed, by reading the image. */
  computes: boolean;
  /** Whether a copy that is no older than the source is the same, where no digest says more. */
  byDate: boolean;
}

/**
 * Compares an image with its copy: by size, then by the digests that both stores hold.
 *
 * An ETag is never taken for a digest. Only where a listing has one of 32 hexadecimal digits that is equal to
 * that of the other listing, or to the md5 that the other store knows, the images are the same: such ETags are
 * computed from the bytes or are unique, and never equal for different bytes. An ETag of parts has a dash
 * and does not count.
 *
 * @param from The image.
 * @param to Its copy.
 * @param options What is done where no digest is known.
 * @param work Counts the bytes that are read, and has the options of every operation.
 * @returns Whether they are the same.
 */
export async function compareImages(
  from: ComparedImage,
  to: ComparedImage,
  options: CompareOptions,
  work: TreeWork,
): Promise<Comparison> {
  const [a, b] = [from.image, to.image];
  if (isOtherSize(a.size, b.size)) return sizesDiffer(a.size!, b.size!);
  if (a.size !== undefined && a.size === b.size && isSameEtag(a.etag, b.etag)) {
    return { result: "same" };
  }
  const statOf = ({ root, image }: ComparedImage): Promise<FileInfo> => {
    return root.vfs.stat(pathBelow(root, image.path), work.operation);
  };
  const [first, second] = isDigestLike(a.etag) ? [to, from] : [from, to];
  const stat = await statOf(first);
  const isProved = isDigestLike(second.image.etag) && stat.size === second.image.size &&
    `"${stat.checksum?.toLowerCase()}"` === second.image.etag;
  if (isProved) return { result: "same" };
  const other = await statOf(second);
  const [source, target] = first === from ? [stat, other] : [other, stat];
  if (isOtherSize(source.size, target.size)) return sizesDiffer(source.size!, target.size!);
  const known = compareDigests(source, target);
  if (known) return known;
  if (options.computes) {
    const algo = (source.multihash ?? target.multihash)?.algo ?? "sha512";
    const [mine, theirs] = [
      await digestsOf(from, source, algo, work),
      await digestsOf(to, target, algo, work),
    ];
    return compareDigests(mine, theirs) ?? { result: "unknown" };
  }
  const isSized = source.size !== undefined && source.size === target.size;
  if (options.byDate && isSized && source.mtime && target.mtime) {
    return target.mtime.getTime() >= source.mtime.getTime()
      ? { result: "same" }
      : { result: "differs", reason: "it is older than the source, and no digest is known" };
  }
  return { result: "unknown" };
}

function isOtherSize(a: number | undefined, b: number | undefined): boolean {
  return a !== undefined && b !== undefined && a !== b;
}

function sizesDiffer(source: number, target: number): Comparison {
  return { result: "differs", reason: `the size is ${target}, that of the source ${source}` };
}

function isSameEtag(a: string | undefined, b: string | undefined): boolean {
  return a === b && isDigestLike(a);
}

function isDigestLike(etag: string | undefined): boolean {
  return etag !== undefined && /^"[0-9a-f]{32}"$/.test(etag);
}

/** The digests of an image. */
interface Digests {
  checksum?: string | undefined;
  multihash?: Multihash | undefined;
}

function compareDigests(a: Digests, b: Digests): Comparison | undefined {
  const algo = a.multihash?.algo;
  if (algo !== undefined && algo === b.multihash?.algo) {
    return compareValues(algo, a.multihash!.value, b.multihash!.value);
  }
  if (a.checksum === undefined || b.checksum === undefined) return undefined;
  return compareValues("md5", a.checksum, b.checksum);
}

function compareValues(name: string, source: string, target: string): Comparison {
  if (source.toLowerCase() === target.toLowerCase()) return { result: "same" };
  return { result: "differs", reason: `${name} is ${target}, that of the source ${source}` };
}

/** Returns the digests that are known of an image, or reads it and computes them. */
async function digestsOf(
  { root, image }: ComparedImage,
  { checksum, multihash }: FileInfo,
  algo: string,
  { operation, verifier }: TreeWork,
): Promise<Digests> {
  if (checksum !== undefined && multihash?.algo === algo) return { checksum, multihash };
  const path = pathBelow(root, image.path);
  return await withTreePath(path, async () => {
    const { reader, size } = await root.vfs.get(path, operation);
    try {
      return await transfer(reader, {
        size,
        hashingAlgo: algo,
        verifier,
        signal: operation.signal,
        write: () => Promise.resolve(),
      });
    } finally {
      await reader.close().catch(() => {});
    }
  });
}
