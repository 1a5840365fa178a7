/**
 * An image on its way in: fetched, checked against what its publisher says, and unpacked.
 *
 * @module
 */
import { ChecksumMismatch, Invalid } from "../../errors/mod.ts";
import { inspect } from "../../formats/mod.ts";
import type { AddOptions, AddResult, ImageProperties } from "../../store/mod.ts";
import type { ByteReader, ImageData } from "../../streams/mod.ts";
import { type DigestingReader, digestingReader } from "../../streams/digesting_reader.ts";
import { decodeHex } from "../../streams/encoding.ts";
import { peekingReader } from "../../streams/peeking_reader.ts";
import { discard } from "../../streams/source.ts";
import { type Packing, PACKINGS, unpack, type UnpackLimits } from "../../streams/unpack/unpack.ts";
import type { Vfs } from "../vfs.ts";
import { lastSegment, type OpenedSource, openImportSource } from "./import_source.ts";
import { publishedDigests, type PublishedOptions } from "./published.ts";
import type { DataSignature, SignatureOptions, Signed } from "./signature.ts";

/** How an image is unpacked. */
export type Unpacking = "none" | "auto" | Packing;

/** How far an import is. */
export interface ImportProgress {
  /** The number of bytes that have arrived. */
  fetched: number;
  /** The size of the source in bytes, where known. */
  total: number | undefined;
  /** The number of bytes that were unpacked. `undefined` if nothing is unpacked. */
  unpacked: number | undefined;
}

/** What the source of an import must be, how it is unpacked, and how it is stored. */
export interface IncomingOptions
  extends
    PublishedOptions,
    SignatureOptions,
    UnpackLimits,
    Pick<AddOptions, "accept" | "format" | "hashingAlgo" | "verifier" | "size" | "sparse">,
    ImageProperties {
  /** The name of the source. Default: the last segment of its URL. */
  name?: string | undefined;
  /** The name of the source in the checksum file. Default: the source's name. */
  checksumName?: string | undefined;
  /**
   * How the source is unpacked. With `auto` by what its first bytes are, and a tar inside is unpacked too.
   * Default: `none`.
   */
  unpack?: Unpacking | undefined;
  /** Id of the new image. Default: the source's name, without `.gz`, `.xz` and the like if it is unpacked. */
  id?: string | undefined;
  /** Called with each chunk of up to 4 MiB that is read. Default: nothing. */
  onProgress?: ((progress: ImportProgress) => void) | undefined;
}

/** What arrived, and how it was unpacked. */
export interface Arrival {
  /** The source as it arrived: its size in bytes, and the digests that were computed, by algorithm. */
  arrived: { size: number; digests: Record<string, string> };
  /** The format that was unpacked. `undefined` if the source is stored as it arrived. */
  unpacked?: Packing | undefined;
  /** Who signed the source, if its signature was checked. */
  signed?: Signed | undefined;
}

/** An image on its way in. */
export interface IncomingImage {
  /** The bytes to store. What is wrong with them, its last `read` throws. */
  reader: ByteReader;
  /** Their number, where known. */
  size: number | undefined;
  /** Whether its runs of zeros become holes. */
  sparse: boolean | undefined;
  /** The id of the new image, where it is named or the source has a name. */
  id: string | undefined;
  /**
   * Returns what arrived, once all was stored.
   *
   * @param added What was stored.
   */
  arrival(added: AddResult): Arrival;
}

/** How many first bytes recognise a format. */
const HEAD = 65_536;

/** What the names of packed files end with. */
const SUFFIX = /\.(t[gx]z|tbz2?|(tar\.)?(gz|xz|zst|zstd|bz2)|zip|tar)$/i;

/**
 * Opens an image that comes from elsewhere, and has it stored.
 *
 * @typeParam T What `store` resolves to.
 * @param vfs The tree.
 * @param source A URL or a location URI, or the data itself. It is closed in any case.
 * @param options What the source must be, and how it is unpacked.
 * @param store Reads the image to its end, and stores it.
 * @returns What `store` resolves to.
 */
export async function withIncoming<T>(
  vfs: Vfs,
  source: string | URL | ImageData,
  options: IncomingOptions,
  store: (image: IncomingImage) => Promise<T>,
): Promise<T> {
  const { unpack: how = "none", signal, context } = options;
  const isUrl = typeof source === "string" || source instanceof URL;
  let opened: OpenedSource | undefined;
  try {
    if (how !== "none" && how !== "auto" && !PACKINGS.includes(how)) {
      throw new Invalid(`unpack is ${JSON.stringify(how)}, allowed are none, auto, ${PACKINGS}`);
    }
    const name = options.name ?? (isUrl ? lastSegment(`${source}`) : undefined);
    const [published, signature] = await Promise.all([
      publishedDigests(vfs, options.checksumName ?? name, options),
      signatureOf(vfs, options),
    ]);
    opened = await openImportSource(vfs, source, { signal, context });
    return await store(await prepare(opened, { published, signature }, name, options));
  } catch (error) {
    if (!opened && !isUrl) await discard(source, error);
    else await opened?.reader.close(error).catch(() => {});
    throw error;
  } finally {
    await opened?.release();
  }
}

/** Reads the signature of the source. What checks it is loaded only if there is one. */
async function signatureOf(vfs: Vfs, options: IncomingOptions): Promise<DataSignature | undefined> {
  if (options.signature === undefined && options.key === undefined) return undefined;
  return await (await import("./signature.ts")).readSignature(vfs, options);
}

/** What the publisher says of the source. */
interface Claims {
  /** Digests in hex, by algorithm. */
  published: ReadonlyMap<string, string>;
  signature: DataSignature | undefined;
}

/** Puts the checks and the unpacking around an opened source; `opened.reader` closes them all. */
async function prepare(
  opened: OpenedSource,
  { published, signature }: Claims,
  name: string | undefined,
  options: IncomingOptions,
): Promise<IncomingImage> {
  const { unpack: how = "none" } = options;
  // What is computed of the source, beside what is computed of what is stored.
  const algorithms = new Set(published.keys());
  if (how !== "none") algorithms.add("sha256");
  if (signature?.algorithm) algorithms.add(signature.algorithm);
  else if (signature) opened.reader = signature.unhashedReader(opened.reader);
  const arriving = await digestingReader(opened.reader, [...algorithms], async (values) => {
    for (const [algorithm, value] of published) {
      if (values[algorithm] === value) continue;
      throw new ChecksumMismatch(
        `${algorithm} of what arrived is ${values[algorithm]}, expected ${value}`,
      );
    }
    if (signature?.algorithm) await signature.check(decodeHex(values[signature.algorithm]!)!);
  });
  opened.reader = arriving;
  let packing: Packing | undefined;
  if (how !== "none") {
    const peeking = opened.reader = peekingReader(arriving);
    packing = how === "auto" ? await recognise(await peeking.peek(HEAD)) : how;
    if (packing) opened.reader = unpack(peeking, packing, options);
    if (packing && how === "auto") {
      // What is published as tar.gz or tar.xz is one image in two wrappings.
      const inner = opened.reader = peekingReader(opened.reader);
      const isTar = await recognise(await inner.peek(HEAD)) === "tar";
      if (isTar) opened.reader = unpack(inner, "tar", options);
    }
  }
  const { onProgress } = options;
  const reader = onProgress
    ? countingReader(opened.reader, (count) => {
      const unpacked = packing ? count : undefined;
      onProgress({ fetched: arriving.count, total: opened.size, unpacked });
    })
    : opened.reader;
  return {
    reader,
    size: options.size ?? (packing ? undefined : opened.size),
    sparse: options.sparse ?? (opened.isSparse || undefined),
    id: options.id ?? (packing ? name && unpackedName(name) : name),
    arrival: (added) => ({
      ...arrivalOf(arriving, packing, added),
      ...signature && { signed: signature.signed },
    }),
  };
}

/** Calls a function with the number of bytes that were read so far. */
function countingReader(reader: ByteReader, onCount: (count: number) => void): ByteReader {
  let count = 0;
  return {
    async read(view) {
      const chunk = await reader.read(view);
      onCount(count += chunk.length);
      return chunk;
    },
    close: (reason) => reader.close(reason),
  };
}

/**
 * Returns the name that an image has once it is unpacked.
 *
 * @param name The name of the source.
 * @returns The name without `.gz`, `.xz` and the like.
 */
export function unpackedName(name: string): string {
  return name.replace(SUFFIX, "");
}

async function recognise(head: Uint8Array): Promise<Packing | undefined> {
  const { format } = await inspect(head);
  return PACKINGS.find((packing) => packing === format);
}

function arrivalOf(
  arriving: DigestingReader,
  packing: Packing | undefined,
  { size, checksum, multihash }: AddResult,
): Arrival {
  if (packing) {
    return { arrived: { size: arriving.count, digests: arriving.values }, unpacked: packing };
  }
  const stored = { md5: checksum, [multihash.algo]: multihash.value };
  return { arrived: { size, digests: { ...arriving.values, ...stored } } };
}
