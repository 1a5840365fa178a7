/**
 * The digests that publishers say their images have: by hand, and in checksum files.
 *
 * @module
 */
import { ChecksumMismatch, Invalid, NotFound } from "../../errors/mod.ts";
import type { OperationOptions } from "../../store/mod.ts";
import type { ImageData } from "../../streams/mod.ts";
import { readText } from "./import_source.ts";
import type { Vfs } from "../vfs.ts";

/** Digests in hex, by algorithm. */
export interface PublishedDigests {
  /** md5, 32 hex digits. */
  md5?: string | undefined;
  /** SHA-256, 64 hex digits. */
  sha256?: string | undefined;
  /** SHA-512, 128 hex digits. */
  sha512?: string | undefined;
}

/** What a publisher says of an image. */
export interface PublishedOptions extends OperationOptions {
  /** The digests that the source must have, as it arrives: before it is unpacked. */
  published?: PublishedDigests | undefined;
  /** A checksum file that names the source: its URL, or its content. */
  checksums?: string | URL | ImageData | undefined;
}

/** The largest checksum file that is read, in bytes. */
const CHECKSUMS_LIMIT = 4_194_304;

/**
 * Returns the digests that an image must have.
 *
 * @param vfs The tree, whose stores may have the checksum file.
 * @param name The name of the image in the checksum file.
 * @param options The digests, the checksum file, the caller and an abort signal.
 * @returns The digests in lower-case hex, by algorithm.
 * @throws {Invalid} If a digest has not the length of its algorithm.
 * @throws {NotFound} If the checksum file does not name the image.
 * @throws {ChecksumMismatch} If the checksum file has another digest than the one given.
 */
export async function publishedDigests(
  vfs: Vfs,
  name: string | undefined,
  { published = {}, checksums, signal, context }: PublishedOptions,
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
  const { parseChecksums } = await import("../../drivers/http/checksum_files.ts");
  const text = await readChecksums(vfs, checksums, { signal, context });
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

/**
 * Reads a checksum file.
 *
 * @param vfs The tree, whose stores may have it.
 * @param checksums Its URL, or its content.
 * @param options The caller, and an abort signal.
 * @returns The text.
 * @throws {Invalid} If it has more than 4 MiB.
 */
export function readChecksums(
  vfs: Vfs,
  checksums: string | URL | ImageData,
  options: OperationOptions,
): Promise<string> {
  return readText(vfs, checksums, "checksum file", CHECKSUMS_LIMIT, options);
}
