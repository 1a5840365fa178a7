/**
 * The digests of images, kept beside them in `.vitrine/digests`: one small JSON file an image.
 *
 * A record is named after a hash of the image's path in its datadir, and the inode, size and date of the
 * file. It is therefore there before the image is, is never taken for that of another image, and is found
 * again when the datadir is moved and the inodes are others. A file that has the path of a record but not
 * its size and date was changed after it was added.
 *
 * Version 1 (Vitrine 0.1) named records after the inode alone; they are still read.
 *
 * @module
 */
import type { BigIntStats } from "node:fs";
import { checkInspection } from "../../formats/kept.ts";
import type { ImageInspection } from "../../formats/mod.ts";
import { isDeno } from "../../runtime/mod.ts";
import { parseHexDigest, parseMultihash } from "../../streams/encoding.ts";
import type { Multihash } from "../../streams/mod.ts";
import { createDirectory, giveTo, type Ownership } from "./directories.ts";
import { namesIn } from "./directory_names.ts";
import { codeOf, NOWHERE, unless } from "./errors.ts";
import type { Io } from "./io.ts";
import { RESERVED } from "./file_names.ts";
import { createHash, readFile, stat, unlink, writeFile } from "./system.ts";
import type { Owner } from "./temporary_files.ts";
import { untilReachable } from "./until_reachable.ts";

/** The version of the records that are written. */
const VERSION = 2;

/** The codes of a file that is not there, or not for us to read. */
const UNREADABLE = [...NOWHERE, "EACCES", "EPERM", "EISDIR"];

/** The digests, without the size. */
export interface Digests {
  /** md5 in lower-case hex. */
  checksum?: string | undefined;
  /** The second digest. */
  multihash?: Multihash | undefined;
  /** What the image is. */
  inspection?: ImageInspection | undefined;
}

/** What the records say of an image. */
export interface RecordedDigests extends Digests {
  /** What identifies the file that the digests are of. */
  fileKey: string;
  /** Whether the file is another than the one whose digests these are. */
  isChanged: boolean;
}

/** An image: where it is, and its file. */
export interface RecordedImage {
  /** The path of its datadir, without symbolic links. */
  datadir: string;
  /** Its path in the datadir. */
  imageId: string;
  /** What the system says of its file. */
  stats: BigIntStats;
}

/** Returns the directory of the digests of a datadir. */
export function digestsDirectory(datadir: string): string {
  return `${datadir}/${RESERVED}/digests`;
}

/** Returns what identifies the content of a file: a change to it changes this, if the clock moved. */
export function identity({ ino, size, mtimeMs }: BigIntStats): string {
  return `${ino.toString(16)}-${size.toString(16)}-${mtimeMs.toString(16)}`;
}

/** The part of a record's name that stands for the path, and the directory that it is in. */
function keyOf(datadir: string, imageId: string): { directory: string; key: string } {
  const hash = createHash("sha256").update(imageId).digest("hex");
  return { directory: `${digestsDirectory(datadir)}/${hash.slice(0, 2)}`, key: hash.slice(2, 34) };
}

/** The part of a record's name that stands for the file. */
function fileKeyOf({ ino, size, mtimeNs }: BigIntStats): string {
  // Dates before 1970 are negative.
  return [ino, size, BigInt.asUintN(64, mtimeNs)].map((part) => part.toString(16)).join("-");
}

function recordPath(
  { datadir, imageId, stats }: RecordedImage,
  fileKey: string = fileKeyOf(stats),
): string {
  const { directory, key } = keyOf(datadir, imageId);
  return `${directory}/${key}-${fileKey}.json`;
}

/**
 * Keeps the digests of an image.
 *
 * @param io Waits for the calls.
 * @param image The image; its file may not have its name yet.
 * @param digests The digests, and what identifies the file that they are of. Default: the image's file.
 * @param owner Who owns the record: the mode of the image, and the owner of the datadir.
 * @param now Who owns a file that this process creates in the driver's own directories, where that is known.
 */
export async function keepDigests(
  io: Io,
  image: RecordedImage,
  { checksum, multihash, inspection, fileKey }: Digests & { fileKey?: string },
  owner: Ownership,
  now?: Owner | undefined,
): Promise<void> {
  const path = recordPath(image, fileKey);
  const record = { version: VERSION, path: image.imageId, checksum, multihash, inspection };
  const mode = owner.mode & 0o666;
  for (let attempt = 1;; attempt++) {
    try {
      await io.wait(untilReachable(digestsDirectory(image.datadir)));
      await io.wait(writeWhole(path, JSON.stringify(record), mode));
      break;
    } catch (error) {
      if (codeOf(error) !== "ENOENT" || attempt === 2) throw error;
      const { directory } = keyOf(image.datadir, image.imageId);
      const parent = await io.wait(stat(digestsDirectory(image.datadir)));
      await createDirectory(io, directory, parent);
    }
  }
  await giveTo(io, path, owner, now);
}

/**
 * Reads the digests of an image.
 *
 * @param io Waits for the calls.
 * @param image The image.
 * @returns The digests, and whether the image was changed since; `undefined` where none are recorded.
 */
export async function digestsOf(
  io: Io,
  image: RecordedImage,
): Promise<RecordedDigests | undefined> {
  const exact = await readRecord(io, recordPath(image));
  if (exact) return { ...exact, fileKey: fileKeyOf(image.stats), isChanged: false };
  const { directory } = keyOf(image.datadir, image.imageId);
  const records = (await recordsOf(io, image)).sort((a, b) => Number(b.mtime - a.mtime));
  const moved = records.filter((record) => isMoved(record, image.stats));
  for (const { name } of [...moved, ...records]) {
    const digests = await readRecord(io, `${directory}/${name}`);
    const isChanged = moved.length === 0;
    if (digests) return { ...digests, fileKey: name.slice(33, -".json".length), isChanged };
  }
  return await readFirstVersion(io, image);
}

/**
 * Removes the record of an image that is deleted. The record of another image that takes its path at the
 * same moment is left.
 */
export async function forgetDigests(io: Io, image: RecordedImage): Promise<void> {
  const { directory } = keyOf(image.datadir, image.imageId);
  try {
    if (await unless(["ENOENT"], io.wait(unlink(recordPath(image)).then(() => true)))) return;
    for (const { name, ino } of await recordsOf(io, image)) {
      if (ino === image.stats.ino) await io.wait(unlink(`${directory}/${name}`));
    }
    if ((await readFirstVersion(io, image))) await io.wait(unlink(firstVersionPath(image)));
  } catch {
    // It is for gc to remove.
  }
}

/** Yields the path of every record of a datadir, and the image and the inode that it is of. */
export async function* allRecords(
  io: Io,
  datadir: string,
): AsyncGenerator<{ record: string; imageId: string; inode: bigint }> {
  const all = digestsDirectory(datadir);
  for await (const shard of namesIn(io, all, UNREADABLE)) {
    if (!/^[0-9a-f]{2}$/.test(shard)) continue;
    for await (const name of namesIn(io, `${all}/${shard}`, UNREADABLE)) {
      const record = `${all}/${shard}/${name}`;
      const { path } = parseRecord(await unless(UNREADABLE, io.wait(readText(record)))) ?? {};
      const inode = parseName(name)?.ino;
      if (typeof path === "string" && inode !== undefined) yield { record, imageId: path, inode };
    }
  }
}

/** What the name of a record says of its file. */
interface RecordName {
  name: string;
  ino: bigint;
  size: bigint;
  mtime: bigint;
}

function parseName(name: string): RecordName | undefined {
  const match = /-([0-9a-f]+)-([0-9a-f]+)-([0-9a-f]+)\.json$/.exec(name);
  if (match === null) return undefined;
  const [ino, size, mtime] = match.slice(1).map((hex) => BigInt(`0x${hex}`));
  return { name, ino: ino!, size: size!, mtime: mtime! };
}

/** The records of a path, whatever file they are of. */
async function recordsOf(io: Io, { datadir, imageId }: RecordedImage): Promise<RecordName[]> {
  const { directory, key } = keyOf(datadir, imageId);
  const records: RecordName[] = [];
  for await (const name of namesIn(io, directory, UNREADABLE)) {
    const record = name.startsWith(key) ? parseName(name) : undefined;
    if (record) records.push(record);
  }
  return records;
}

/** Whether a file is the recorded one, copied with its date: as exactly as the copier kept that. */
function isMoved(
  record: { size: bigint; mtime: bigint },
  { size, mtimeNs }: BigIntStats,
): boolean {
  if (record.size !== size) return false;
  return [1n, 100n, 1_000n, 1_000_000n, 1_000_000_000n].some((unit) => {
    return mtimeNs % unit === 0n && record.mtime - record.mtime % unit === mtimeNs;
  });
}

async function readRecord(io: Io, path: string): Promise<Digests | undefined> {
  // Without it, or with what a crash left of it, the image is an image all the same.
  return digestsIn(parseRecord(await unless(UNREADABLE, io.wait(readText(path)))));
}

function parseRecord(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const record = JSON.parse(text ?? "null");
    return typeof record === "object" && record !== null ? record : undefined;
  } catch {
    return undefined;
  }
}

function digestsIn(record: Record<string, unknown> | undefined): Digests | undefined {
  const { checksum, multihash } = (record ?? {}) as { checksum?: unknown; multihash?: unknown };
  const { algo, value } = (multihash ?? {}) as { algo?: unknown; value?: unknown };
  const digests: Digests = {};
  const md5 = parseHexDigest(checksum, 16);
  const known = parseMultihash(algo, value);
  if (md5) digests.checksum = md5;
  if (known) digests.multihash = known;
  const inspection = checkInspection(record?.["inspection"]);
  if (inspection) digests.inspection = inspection;
  return digests.checksum || digests.multihash ? digests : undefined;
}

function firstVersionPath({ datadir, stats }: RecordedImage): string {
  return `${digestsDirectory(datadir)}/${stats.ino}.json`;
}

/** Reads a record of version 1, which may be of a file that had the inode before. */
async function readFirstVersion(
  io: Io,
  image: RecordedImage,
): Promise<RecordedDigests | undefined> {
  const text = await unless(UNREADABLE, io.wait(readText(firstVersionPath(image))));
  const record = parseRecord(text);
  const digests = digestsIn(record);
  if (!digests) return undefined;
  const fileKey = fileKeyOf(image.stats);
  if (record!["identity"] === identity(image.stats)) {
    return { ...digests, fileKey, isChanged: false };
  }
  const [, mtime] = /-([0-9a-f]+)$/.exec(`${record!["identity"]}`) ?? [];
  const { birthtimeMs } = image.stats;
  // A file that was created before the record was written is the file of the record.
  const isSame = mtime !== undefined && birthtimeMs > 0n && birthtimeMs <= BigInt(`0x${mtime}`);
  // Under a name of version 2 it stays the record of another date.
  const recorded = `${image.stats.ino.toString(16)}-0-0`;
  return isSame ? { ...digests, fileKey: recorded, isChanged: true } : undefined;
}

// Deno's own functions do all of it on another thread; those of `node:fs` close the file on this one.
async function readText(path: string): Promise<string> {
  await untilReachable(path);
  return await (isDeno() ? Deno.readTextFile(path) : readFile(path, "utf8"));
}

async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  await (isDeno() ? Deno.writeTextFile(path, text, { mode }) : writeFile(path, text, { mode }));
}
