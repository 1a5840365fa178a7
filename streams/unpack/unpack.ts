/**
 * Unpacking of compressed images on their way: in bounded memory, with limits for what comes out.
 *
 * @module
 */
import { Invalid } from "../../errors/mod.ts";
import type { ByteReader } from "../bytes.ts";
import { IteratorReader } from "../stream_reader.ts";
import { PackedInput } from "./packed_input.ts";

/** The formats that can be unpacked. */
export const PACKINGS: readonly Packing[] = ["gzip", "xz", "zstd", "bzip2", "zip", "tar"];

/** The name of a format that can be unpacked. */
export type Packing = "gzip" | "xz" | "zstd" | "bzip2" | "zip" | "tar";

/** What is unpacked, and its limits. */
export interface UnpackLimits {
  /** The name of the member of a zip or tar archive. Default: there must be one file in it alone. */
  member?: string | undefined;
  /** The most bytes that may come out. Default: no limit. */
  maxSize?: number | undefined;
  /**
   * How many times larger than the packed bytes the unpacked ones may be, once there are more than
   * 64 MiB of them. Default: 500.
   */
  maxRatio?: number | undefined;
}

/** What may come out whatever its ratio is, in bytes. */
const SMALL = 67_108_864;

/**
 * Unpacks what a reader gives. All of it is read to its end.
 *
 * @param reader The packed bytes. It is closed with the returned one.
 * @param packing The format.
 * @param limits The limits.
 * @returns A reader of the unpacked bytes. Its `read` throws `Invalid` where the data is cut off, corrupt,
 * followed by other bytes, or above a limit.
 *
 * @example Unpack gzip
 * ```ts
 * import { unpack } from "./unpack.ts";
 * import { openSource } from "../source.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const packed = new Blob(["hello"]).stream().pipeThrough(new CompressionStream("gzip"));
 * const reader = unpack(openSource(packed).reader, "gzip");
 * assertEquals(await reader.read(new Uint8Array(9)), new TextEncoder().encode("hello"));
 * await reader.close();
 * ```
 */
export function unpack(
  reader: ByteReader,
  packing: Packing,
  { maxSize = Infinity, maxRatio = 500, member }: UnpackLimits = {},
): ByteReader {
  const input = new PackedInput(reader, packing);
  const limited = async function* () {
    const unpacker = await UNPACKERS[packing]();
    let count = 0;
    for await (const chunk of unpacker(input, member)) {
      count += chunk.length;
      if (count > maxSize) {
        throw new Invalid(`the unpacked image has more than the ${maxSize} bytes allowed`);
      }
      if (count > SMALL && count > input.count * maxRatio) {
        throw new Invalid(
          `${input.count} bytes of ${packing} became ${count}: more than ${maxRatio} times as many`,
        );
      }
      yield chunk;
    }
  };
  const unpacked = new IteratorReader(limited());
  return {
    read: (view) => unpacked.read(view),
    async close(reason) {
      // The reader first: an unpacker that waits for it ends then.
      await reader.close(reason);
      await unpacked.close(reason);
    },
  };
}

/** Unpacks all of an input, or one member of an archive. Each chunk is lent until the next one is requested. */
type Unpacker = (input: PackedInput, member: string | undefined) => AsyncIterable<Uint8Array>;

const UNPACKERS: Readonly<Record<Packing, () => Promise<Unpacker>>> = {
  gzip: async () => (await import("./gzip.ts")).gunzip,
  xz: async () => (await import("./xz.ts")).unxz,
  zstd: async () => (await import("./zstd.ts")).unzstd,
  bzip2: async () => (await import("./bzip2.ts")).unbzip2,
  zip: async () => (await import("./zip.ts")).unzip,
  tar: async () => (await import("./tar.ts")).untar,
};
