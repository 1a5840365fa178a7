/**
 * The options with which commands fetch, check and unpack images from elsewhere.
 *
 * @module
 */
import { PACKINGS } from "../streams/unpack/unpack.ts";
import type { ImportOptions, PublishedDigests, Unpacking } from "../vfs/import/mod.ts";
import { type Arguments, type CommandOption, UsageError } from "./command.ts";
import { openLocal } from "./local.ts";
import { parsePlace } from "./place.ts";
import { isLocation } from "./tree.ts";

/** The digests that the source must have. */
export const PUBLISHED: readonly CommandOption[] = [
  { name: "sha256", value: "HEX", help: "the SHA-256 that the data must have" },
  { name: "sha512", value: "HEX", help: "the SHA-512 that the data must have" },
  { name: "md5", value: "HEX", help: "the md5 that the data must have" },
  {
    name: "checksums",
    value: "FILE|URL",
    help: "a checksum file that names the data",
    candidates: "file",
  },
  {
    name: "checksum-name",
    value: "NAME",
    help: "the name in the checksum file. Default: that of the source",
  },
];

/** The signature that the source must have. */
export const SIGNATURE: readonly CommandOption[] = [
  {
    name: "signature",
    value: "FILE|URL",
    help: "a signature of the data, by minisign or signify",
    candidates: "file",
  },
  {
    name: "key",
    value: "FILE",
    help: "the public key that the signature must be by",
    candidates: "file",
  },
];

/** How the source is unpacked. */
export const UNPACK: readonly CommandOption[] = [
  {
    name: "unpack",
    value: "FORMAT",
    help: "unpack the data. Default: none",
    candidates: ["none", "auto", ...PACKINGS],
  },
  { name: "member", value: "NAME", help: "the member of a zip or tar archive, if it has several" },
  { name: "max-size", value: "BYTES", help: "the most bytes that may be unpacked" },
  {
    name: "max-ratio",
    value: "N",
    help: "how many times larger the unpacked data may be. Default: 500",
  },
];

/** The digits of a digest, by its option. */
const DIGITS = { sha256: 64, sha512: 128, md5: 32 } as const;

/**
 * Returns the digests that options set.
 *
 * @param args The arguments, with {@linkcode PUBLISHED}.
 * @returns The digests.
 * @throws {UsageError} If one has not the length of its algorithm.
 */
export function publishedOf(args: Arguments): PublishedDigests {
  const published: PublishedDigests = {};
  for (const [name, digits] of Object.entries(DIGITS)) {
    const value = args.value(name);
    if (value !== undefined && (value.length !== digits || !/^[0-9a-f]+$/i.test(value))) {
      throw new UsageError(`--${name} is ${digits} hexadecimal digits`);
    }
    published[name as keyof PublishedDigests] = value;
  }
  return published;
}

/**
 * Returns what the options set: what the source must be, and how it is unpacked.
 *
 * @param args The arguments, with {@linkcode PUBLISHED}, {@linkcode SIGNATURE} and {@linkcode UNPACK}.
 * @param signal Aborts the wait for a named pipe that is one of the files.
 * @returns The options of an import.
 * @throws {UsageError} If a value is not allowed.
 */
export async function importOptionsOf(
  args: Arguments,
  signal: AbortSignal,
): Promise<ImportOptions> {
  const unpack = args.value("unpack");
  if (unpack !== undefined && !["none", "auto", ...PACKINGS].includes(unpack)) {
    throw new UsageError(`--unpack is none, auto, ${PACKINGS.join(", ")}`);
  }
  if ((args.value("signature") === undefined) !== (args.value("key") === undefined)) {
    throw new UsageError("--signature and --key are used together");
  }
  return {
    published: publishedOf(args),
    checksums: await openFileOrUrl(args, "checksums", signal),
    signature: await openFileOrUrl(args, "signature", signal),
    key: await openFileOrUrl(args, "key", signal),
    checksumName: args.value("checksum-name"),
    unpack: unpack as Unpacking | undefined,
    member: args.value("member"),
    maxSize: countOf(args, "max-size"),
    maxRatio: countOf(args, "max-ratio"),
  };
}

/**
 * Opens the file that an option names; a URL is opened by the import itself.
 *
 * @param args The arguments.
 * @param option The long name of the option, without dashes.
 * @param signal Aborts the wait for a named pipe.
 * @returns The content or the URL, or `undefined` if there is none.
 * @throws {UsageError} If it is neither a file nor a URL.
 */
export async function openFileOrUrl(
  args: Arguments,
  option: string,
  signal: AbortSignal,
): Promise<ImportOptions["checksums"]> {
  const operand = args.value(option);
  if (operand === undefined) return undefined;
  const isFile = operand.startsWith("file://") || !isLocation(operand);
  if (!isFile) return operand;
  const place = operand.startsWith("file://")
    ? parsePlace(operand)
    : { kind: "local" as const, path: operand };
  if (place.kind !== "local") throw new UsageError(`--${option} is a file or a URL`);
  return (await openLocal(place, signal)).data;
}

/**
 * Returns whether the options set what the source must be, or have it unpacked.
 *
 * @param args The arguments, with {@linkcode PUBLISHED}, {@linkcode SIGNATURE} and {@linkcode UNPACK}.
 * @returns Whether one of them is set.
 */
export function hasImportOptions(args: Arguments): boolean {
  return [...PUBLISHED, ...SIGNATURE, ...UNPACK].some(({ name }) => args.value(name) !== undefined);
}

/**
 * Checks that what the options say of one image is not said of several.
 *
 * @param args The sources and the target, with {@linkcode PUBLISHED}.
 * @throws {UsageError} If there may be several sources.
 */
export function ofOneSource(args: Arguments): void {
  if (args.operands.length === 2 && !args.has("recursive")) return;
  for (const name of [...Object.keys(DIGITS), "checksum-name", "signature"]) {
    if (args.value(name) !== undefined) throw new UsageError(`--${name} is of one source`);
  }
}

/**
 * Returns the number that an option has.
 *
 * @param args The arguments of the command.
 * @param name The long name of the option, without dashes.
 * @returns A whole number above 0, or `undefined` if the option was not used.
 * @throws {UsageError} If the value is no such number.
 */
export function countOf(args: Arguments, name: string): number | undefined {
  const text = args.value(name);
  if (text === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(text)) throw new UsageError(`--${name} is a whole number above 0`);
  return Number(text);
}
