/**
 * The digests of images, kept beside them: one small file an image, named by its inode, so that it
 * can be there before the image is, stays right when the image is renamed, and is never taken for
 * that of a file which replaced the image.
 *
 * @module
 */
import type { BigIntStats } from "node:fs";
import type { ImageDigest } from "../../store/types.ts";
import { NOWHERE, unless } from "./errors.ts";
import type { Io } from "./io.ts";
import { RESERVED } from "./location.ts";
import { readFile, unlink, writeFile } from "./system.ts";

/** The codes of a file that is not there, or not for us to read. */
const UNREADABLE = [...NOWHERE, "EACCES", "EPERM", "EISDIR"];

/** The digests, without the size. */
export type Digests = Pick<ImageDigest, "checksum" | "multihash">;

/** The directory of the digests of a datadir. */
export function digestsDirectory(datadir: string): string {
  return `${datadir}/${RESERVED}/digests`;
}

function pathOf(datadir: string, { ino }: BigIntStats): string {
  return `${digestsDirectory(datadir)}/${ino}.json`;
}

/** What identifies the content of a file: a change to it changes this, if the clock moved. */
export function identity({ ino, size, mtimeMs }: BigIntStats): string {
  return `${ino.toString(16)}-${size.toString(16)}-${mtimeMs.toString(16)}`;
}

/** Keeps the digests of a file. */
export async function keepDigests(
  io: Io,
  datadir: string,
  stats: BigIntStats,
  { checksum, multihash }: Digests,
): Promise<void> {
  const text = JSON.stringify({ identity: identity(stats), checksum, multihash });
  await io.wait(writeFile(pathOf(datadir, stats), text));
}

/** The digests of a file, where they are known. */
export async function digestsOf(
  io: Io,
  datadir: string,
  stats: BigIntStats,
): Promise<Digests | undefined> {
  // Without them, or with what a crash left of them, the image is an image all the same.
  const text = await unless(UNREADABLE, io.wait(readFile(pathOf(datadir, stats), "utf8")));
  try {
    const { identity: kept, checksum, multihash } = JSON.parse(text ?? "{}");
    if (kept === identity(stats)) return { checksum, multihash };
  } catch {
    return undefined;
  }
}

/** Forgets the digests of a file. */
export async function forgetDigests(io: Io, datadir: string, stats: BigIntStats): Promise<void> {
  await io.wait(unlink(pathOf(datadir, stats))).catch(() => {});
}
