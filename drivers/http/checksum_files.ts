/**
 * Digests that web servers have of their files: the field `Repr-Digest`, and checksum files as mirrors
 * have them beside images.
 *
 * @module
 */
import { decodeBase64, encodeHex } from "../../streams/encoding.ts";
import type { ExpectedDigests, Multihash } from "../../streams/mod.ts";

/** The algorithms of checksum files, by the length of a digest in hex digits, the strongest first. */
const ALGORITHMS: ReadonlyMap<number, string> = new Map([
  [128, "sha512"],
  [64, "sha256"],
  [32, "md5"],
]);

/** Files that have the digests of a whole directory, the strongest first. */
export const DIRECTORY_FILES: readonly string[] = [
  ...["SHA512SUMS", "sha512sums.txt", "SHA256SUMS", "sha256sums.txt", "CHECKSUM"],
  ...["MD5SUMS", "md5sums.txt"],
];

/** What the file of a single image ends with, the strongest first. */
export const IMAGE_SUFFIXES: readonly string[] = [
  ...[".sha512", ".SHA512", ".sha512sum", ".sha256", ".SHA256", ".sha256sum", ".SHA256SUM"],
  ...[".CHECKSUM", ".md5", ".MD5", ".md5sum"],
];

/**
 * Parses the field `Repr-Digest` (RFC 9530, section 3).
 *
 * @param header The value of the field.
 * @returns The strongest digest that is known, or `undefined` if there is none.
 */
export function parseReprDigest(header: string): Multihash | undefined {
  for (
    const [name, algo, size] of [["sha-512", "sha512", 64], ["sha-256", "sha256", 32]] as const
  ) {
    const base64 = new RegExp(`(?:^|,)\\s*${name}=:([A-Za-z0-9+/]+=*):`).exec(header)?.[1];
    const bytes = base64 === undefined ? undefined : decodeBase64(base64);
    if (bytes?.length === size) return { algo, value: encodeHex(bytes) };
  }
  return undefined;
}

/** The digests of a checksum file: by the name of the image, and then by algorithm. */
export type Checksums = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Parses a checksum file, as coreutils writes it (`HEX  NAME`), as BSD does (`SHA256 (NAME) = HEX`) and
 * OpenSSL (`SHA256(NAME)= HEX`), or with a digest alone. Other lines, those of a signature for example, are
 * ignored.
 *
 * @param text The file.
 * @param alone The image that the file is for, if it is for one: it has digests without a name, and those
 * of its name in any directory, which is that of the machine where the file was made.
 * @returns The digests in lower-case hex.
 *
 * @example A file of two names
 * ```ts
 * import { parseChecksums } from "./checksum_files.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const sum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
 * const sums = parseChecksums(`${sum}  a.iso\nSHA256 (b.iso) = ${sum}\n`);
 * assertEquals([...sums.keys()], ["a.iso", "b.iso"]);
 * assertEquals(sums.get("b.iso")?.get("sha256"), sum);
 * ```
 */
export function parseChecksums(text: string, alone?: string): Checksums {
  const sums = new Map<string, Map<string, string>>();
  for (const line of text.split(/\r?\n/)) {
    const found = parseLine(line, alone);
    if (found === undefined) continue;
    const { name, algorithm, value } = found;
    const digests = sums.get(name) ?? new Map<string, string>();
    sums.set(name, digests.set(algorithm, value.toLowerCase()));
  }
  return sums;
}

function parseLine(
  line: string,
  alone: string | undefined,
): { name: string; algorithm: string; value: string } | undefined {
  const bsd = /^(MD5|SHA(?:2-)?(?:256|512)) ?\((.+)\) ?= ([0-9a-f]+)\s*$/i.exec(line);
  const [, escaped, hex, rest] = /^(\\?)([0-9a-f]{32,128})(?:\s+\*?(.*))?$/i.exec(line) ?? [];
  const value = bsd ? bsd[3]! : hex;
  const algorithm = ALGORITHMS.get(value?.length ?? 0);
  if (value === undefined || algorithm === undefined) return undefined;
  if (bsd && bsd[1]!.toLowerCase().replace("sha2-", "sha") !== algorithm) return undefined;
  const written = bsd ? bsd[2]! : rest || alone;
  if (written === undefined) return undefined;
  // A backslash before the line means that the name is escaped.
  const name = escaped ? written.replace(/\\([n\\r])/g, unescape) : written;
  if (alone !== undefined && name.endsWith(`/${alone}`)) return { name: alone, algorithm, value };
  return { name: name.replace(/^(\.\/)+/, ""), algorithm, value };
}

function unescape(_: string, char: string): string {
  return { n: "\n", r: "\r" }[char] ?? char;
}

/**
 * Returns the strongest digest of an image.
 *
 * @param digests The digests, by algorithm.
 * @returns A multihash, or a checksum if there is only an md5; empty if there is none.
 */
export function strongest(digests: ReadonlyMap<string, string> | undefined): ExpectedDigests {
  for (const algo of ALGORITHMS.values()) {
    const value = digests?.get(algo);
    if (value === undefined) continue;
    return algo === "md5" ? { checksum: value } : { multihash: { algo, value } };
  }
  return {};
}
