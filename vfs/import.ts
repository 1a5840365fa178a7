/**
 * Images from elsewhere: fetched, checked against what their publisher says, unpacked, judged and stored,
 * in one pass.
 *
 * @module
 */
import { BadStoreUri, ChecksumMismatch, Invalid, NotFound, UnknownScheme } from "../errors/mod.ts";
import { inspect } from "../formats/mod.ts";
import { maskUri } from "../location/mod.ts";
import type { AddOptions, AddResult, OperationOptions } from "../store/mod.ts";
import type { ByteReader, ImageData } from "../streams/mod.ts";
import { digestingReader } from "../streams/digesting_reader.ts";
import { discard, openSource } from "../streams/source.ts";
import { peekingReader } from "../streams/peeking_reader.ts";
import { type Packing, PACKINGS, unpack, type UnpackLimits } from "../streams/unpack/unpack.ts";
import type { Vfs } from "./vfs.ts";

export type { Packing, UnpackLimits };

/** Digests in hex, by algorithm. */
export interface PublishedDigests {
  /** md5, 32 hex digits. */
  md5?: string | undefined;
  /** SHA-256, 64 hex digits. */
  sha256?: string | undefined;
  /** SHA-512, 128 hex digits. */
  sha512?: string | undefined;
}

/** How an image is unpacked. */
export type Unpacking = "none" | "auto" | Packing;

/** Options of {@linkcode importImage}. */
export interface ImportOptions
  extends
    Pick<AddOptions, "accept" | "format" | "hashingAlgo" | "verifier" | "size">,
    UnpackLimits {
  /** Ends the import; its reason is thrown, and nothing is stored. */
  signal?: AbortSignal | undefined;
  /** The caller. Default: the operator. */
  context?: AddOptions["context"];
  /** Path of the new image in the tree. Default: `id` in the store `store`. */
  path?: string | undefined;
  /** Name of the store. Default: the default store. */
  store?: string | undefined;
  /** The name of the source. Default: the last segment of its URL. */
  name?: string | undefined;
  /** Id of the new image. Default: the source's name, without `.gz`, `.xz` or `.zst` if it is unpacked. */
  id?: string | undefined;
  /** The digests that the source must have, as it arrives: before it is unpacked. */
  published?: PublishedDigests | undefined;
  /** A checksum file that names the source: its URL, or its content. */
  checksums?: string | URL | ImageData | undefined;
  /** The name of the source in the checksum file. Default: the source's name. */
  checksumName?: string | undefined;
  /** How the source is unpacked. With `auto` by what its first bytes are. Default: `none`. */
  unpack?: Unpacking | undefined;
}

/** What {@linkcode importImage} resolves to. */
export interface ImportResult extends AddResult {
  /** The source as it arrived: its size in bytes, and the digests that were computed, by algorithm. */
  arrived: { size: number; digests: Record<string, string> };
  /** The format that was unpacked. `undefined` if the source is stored as it arrived. */
  unpacked?: Packing | undefined;
}

/** The largest checksum file that is read, in bytes. */
const CHECKSUMS_LIMIT = 4_194_304;

/** How many first bytes recognise a format. */
const HEAD = 65_536;

/** What the names of packed files end with. */
const SUFFIX = /\.(gz|xz|zst|zstd)$/i;

/**
 * Stores an image that comes from elsewhere. It is fetched, checked, unpacked, judged and stored in one
 * pass and in bounded memory; it appears whole and checked, or not at all.
 *
 * An `http` or `https` URL that no configured store owns is read through an egress gate that lets public
 * addresses pass alone. What a store of the tree owns is read by that store. A connection that breaks is
 * resumed.
 *
 * @param vfs The tree.
 * @param source A URL or a location URI, or the data itself.
 * @param options Where the image goes, what the source must be, and how it is unpacked.
 * @returns What was stored, and what arrived.
 * @throws {ChecksumMismatch} If the source does not have a published digest.
 * @throws {NotFound} If the checksum file does not name the source.
 * @throws {Invalid} If the source is cut off, corrupt or too large, or the runtime cannot unpack it.
 * @throws {Duplicate} If there is such an image.
 *
 * @example Unpack an image on its way into a store
 * ```ts
 * import { Vfs } from "@vitrine/vitrine";
 * import { importImage } from "@vitrine/vitrine/import";
 * import { MemoryStore } from "@vitrine/vitrine/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const vfs = new Vfs({ local: new MemoryStore("local") });
 * const packed = new Blob(["hello"]).stream().pipeThrough(new CompressionStream("gzip"));
 * const { size, unpacked } = await importImage(vfs, packed, {
 *   path: "/local/a.raw",
 *   unpack: "auto",
 * });
 * assertEquals([size, unpacked], [5, "gzip"]);
 * ```
 */
export async function importImage(
  vfs: Vfs,
  source: string | URL | ImageData,
  options: ImportOptions = {},
): Promise<ImportResult> {
  const { unpack: how = "none", signal, context } = options;
  const isUrl = typeof source === "string" || source instanceof URL;
  let opened: Opened | undefined;
  try {
    if (how !== "none" && how !== "auto" && !PACKINGS.includes(how)) {
      throw new Invalid(`unpack is ${JSON.stringify(how)}, allowed are none, auto, ${PACKINGS}`);
    }
    const name = options.name ?? (isUrl ? lastSegment(`${source}`) : undefined);
    const published = await publishedDigests(vfs, options.checksumName ?? name, options);
    opened = await openData(vfs, source, { signal, context });
    return await store(vfs, opened, published, name, options);
  } catch (error) {
    if (!opened && !isUrl) await discard(source, error);
    else await opened?.reader.close(error).catch(() => {});
    throw error;
  } finally {
    await opened?.release();
  }
}

async function store(
  vfs: Vfs,
  opened: Opened,
  published: ReadonlyMap<string, string>,
  name: string | undefined,
  options: ImportOptions,
): Promise<ImportResult> {
  const { unpack: how = "none", signal, context, accept, format, hashingAlgo, verifier } = options;
  // What is computed of the source, beside what `add` computes.
  const algorithms = [...new Set([...published.keys(), ...(how === "none" ? [] : ["sha256"])])];
  const arriving = await digestingReader(opened.reader, algorithms, (values) => {
    for (const [algorithm, value] of published) {
      if (values[algorithm] === value) continue;
      throw new ChecksumMismatch(
        `${algorithm} of what arrived is ${values[algorithm]}, expected ${value}`,
      );
    }
  });
  opened.reader = arriving;
  let packing: Packing | undefined;
  let reader: ByteReader = arriving;
  if (how !== "none") {
    const peeking = peekingReader(arriving);
    reader = opened.reader = peeking;
    packing = how === "auto" ? await recognise(await peeking.peek(HEAD)) : how;
    if (packing) reader = opened.reader = unpack(peeking, packing, options);
  }
  const size = options.size ?? (packing ? undefined : opened.size);
  const add = { accept, format, hashingAlgo, verifier, size, signal, context };
  const id = options.id ?? (packing ? name?.replace(SUFFIX, "") : name);
  let added: AddResult;
  if (options.path !== undefined) added = await vfs.writeFile(options.path, reader, add);
  else {
    if (!id) throw new Invalid("the new image needs an id: the source has no name");
    added = await vfs.stores.add(id, reader, { backend: options.store, ...add });
  }
  const arrived = packing ? { size: arriving.count, digests: arriving.values } : {
    size: added.size,
    digests: {
      ...arriving.values,
      md5: added.checksum,
      [added.multihash.algo]: added.multihash.value,
    },
  };
  return { ...added, arrived, ...packing && { unpacked: packing } };
}

async function recognise(head: Uint8Array): Promise<Packing | undefined> {
  const { format } = await inspect(head);
  return PACKINGS.find((packing) => packing === format);
}

/** A source that was opened. */
interface Opened {
  /** The bytes. */
  reader: ByteReader;
  /** Their number, where known. */
  size: number | undefined;
  /** Releases what was opened for it alone, once the reader is closed. */
  release(): Promise<void>;
}

async function openData(
  vfs: Vfs,
  source: string | URL | ImageData,
  options: OperationOptions,
): Promise<Opened> {
  if (typeof source !== "string" && !(source instanceof URL)) {
    return { ...openSource(source), release: () => Promise.resolve() };
  }
  const uri = `${source}`;
  if (isOwned(vfs, uri)) {
    const { reader, size } = await vfs.stores.get(uri, options);
    return { reader, size, release: () => Promise.resolve() };
  }
  if (!/^https?:\/\//i.test(uri)) throw new UnknownScheme(`no store has ${maskUri(uri)}`);
  const { HttpStore } = await import("../drivers/http/store.ts");
  const web = new HttpStore("web");
  try {
    const { reader, size } = await web.get(uri, options);
    return { reader, size, release: () => web.close() };
  } catch (error) {
    await web.close();
    throw error;
  }
}

function isOwned(vfs: Vfs, uri: string): boolean {
  try {
    vfs.stores.getLocationFromUri(uri);
    return true;
  } catch (error) {
    if (error instanceof UnknownScheme || error instanceof BadStoreUri) return false;
    throw error;
  }
}

/** Returns the digests that the source must have, in lower-case hex by algorithm. */
async function publishedDigests(
  vfs: Vfs,
  name: string | undefined,
  { published = {}, checksums, signal, context }: ImportOptions,
): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const [algorithm, digits] of [["md5", 32], ["sha256", 64], ["sha512", 128]] as const) {
    const value = published[algorithm]?.toLowerCase();
    if (value === undefined) continue;
    if (!new RegExp(`^[0-9a-f]{${digits}}$`).test(value)) {
      throw new Invalid(`${algorithm} is ${digits} hexadecimal digits`);
    }
    digests.set(algorithm, value);
  }
  if (checksums === undefined) return digests;
  if (name === undefined) throw new Invalid("the source has no name to look up in the checksums");
  const { parseChecksums } = await import("../drivers/http/checksum_files.ts");
  const opened = await openData(vfs, checksums, { signal, context });
  let text: string;
  try {
    const bytes = await opened.reader.read(new Uint8Array(CHECKSUMS_LIMIT));
    if (bytes.length === CHECKSUMS_LIMIT) {
      throw new Invalid(`the checksum file has more than ${CHECKSUMS_LIMIT} bytes`);
    }
    text = new TextDecoder().decode(bytes);
  } finally {
    await opened.reader.close();
    await opened.release();
  }
  const found = parseChecksums(text, name).get(name);
  if (found === undefined) throw new NotFound(`the checksum file does not name ${name}`);
  for (const [algorithm, value] of found) {
    const other = digests.get(algorithm) ?? value;
    if (other !== value) {
      throw new ChecksumMismatch(
        `${algorithm} of ${name} in the checksum file is ${value}, expected ${other}`,
      );
    }
    digests.set(algorithm, value);
  }
  return digests;
}

/** Returns the last segment of a URL's path, decoded. */
function lastSegment(uri: string): string | undefined {
  const segment = uri.replace(/[?#].*$/, "").replace(/^[^:]*:\/\/[^/]*/, "").split("/").pop() ?? "";
  try {
    return decodeURIComponent(segment) || undefined;
  } catch {
    return segment;
  }
}
