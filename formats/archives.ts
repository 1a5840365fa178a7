/**
 * Compressed files and archives, which are recognised by their signatures. What is in them is judged
 * when it is unpacked, not before.
 *
 * @module
 */
import type { Format } from "./format.ts";

/** Name, offset of the signature, and what may stand there. */
const SIGNATURES: readonly (readonly [string, number, readonly string[]])[] = [
  ["gzip", 0, ["\x1f\x8b\x08"]],
  ["xz", 0, ["\xfd7zXZ\0"]],
  ["zstd", 0, ["\x28\xb5\x2f\xfd"]],
  ["bzip2", 4, ["1AY&SY", "\x17rE8P\x90"]],
  ["zip", 0, ["PK\x03\x04", "PK\x05\x06"]],
  ["tar", 257, ["ustar"]],
];

/** The formats. */
export const archives: readonly Format[] = SIGNATURES.map(
  ([name, at, signatures]): Format => ({
    name,
    kind: "content",
    examine: (image) => {
      const { head } = image;
      if (!signatures.some((bytes) => head.has(at, bytes))) return undefined;
      if (name === "bzip2" && !head.has(0, "BZh")) return undefined;
      image.note("packed", "what is inside is judged only once it is unpacked");
      return {};
    },
  }),
);
