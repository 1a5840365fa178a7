/**
 * Compressed files and archives, which are recognised by their signatures. What is in them is judged
 * when it is unpacked, not before.
 *
 * @module
 */
import type { Format } from "./format.ts";

/** Name, media type, offset of the signature, and what may stand there. */
const SIGNATURES: readonly (readonly [string, string, number, readonly string[]])[] = [
  ["gzip", "application/gzip", 0, ["\x1f\x8b\x08"]],
  ["xz", "application/x-xz", 0, ["\xfd7zXZ\0"]],
  ["zstd", "application/zstd", 0, ["\x28\xb5\x2f\xfd"]],
  ["bzip2", "application/x-bzip2", 4, ["1AY&SY", "\x17rE8P\x90"]],
  ["zip", "application/zip", 0, ["PK\x03\x04", "PK\x05\x06"]],
  ["tar", "application/x-tar", 257, ["ustar"]],
];

/** The formats. */
export const archives: readonly Format[] = SIGNATURES.map(
  ([name, mediaType, at, signatures]): Format => ({
    name,
    kind: "content",
    mediaType,
    examine: (image) => {
      const { head } = image;
      if (!signatures.some((bytes) => head.has(at, bytes))) return undefined;
      if (name === "bzip2" && !head.has(0, "BZh")) return undefined;
      image.note("packed", "what is inside is judged only once it is unpacked");
      return {};
    },
  }),
);
