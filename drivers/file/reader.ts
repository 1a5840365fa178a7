/**
 * An image's file, open for reading.
 *
 * @module
 */
import type { BigIntStats } from "node:fs";
import { Forbidden, ImageChanged, NotFound } from "../../errors/mod.ts";
import type { ByteRange } from "../../streams/mod.ts";
import type { DriverHandle, ImageReader } from "../../store/driver.ts";
import { pastEnd } from "../../store/reading.ts";
import type { Datadirs, RealPath } from "./datadirs.ts";
import { descriptorPath, realPathOf } from "./descriptor_path.ts";
import { identity } from "./digests.ts";
import { unless } from "./errors.ts";
import type { Io } from "./io.ts";
import { isSameFile, OpenFile } from "./open_file.ts";
import { isSparse, readSparse } from "./sparse_read.ts";
import { FILE_FLAGS, realpath, stat } from "./system.ts";

/** What is known of an image's file. */
export interface ImageFile {
  /** Where it is. */
  real: RealPath;
  /** What the system says of it. */
  stats: BigIntStats;
}

/** Returns the entity tag of a file, quotes included. */
export function etagOf(stats: BigIntStats): string {
  return `"${identity(stats)}"`;
}

/** Looks at an image's file. Throws `NotFound` where there is something else. */
export async function lookAt(io: Io, datadirs: Datadirs, path: string): Promise<ImageFile> {
  const real = await datadirs.real(io, path);
  const stats = await io.wait(stat(real.path, { bigint: true }));
  requireFile(stats);
  return { real, stats };
}

/**
 * Opens an image's file; one that was `seen` at that path a moment ago is not judged again. Throws
 * `NotFound` where there is something else.
 */
export async function openImage(
  io: Io,
  datadirs: Datadirs,
  path: string,
  seen?: ImageFile | undefined,
): Promise<ImageFile & { file: OpenFile }> {
  const file = await openFile(io, path);
  try {
    const stats = await file.stat();
    requireFile(stats);
    await file.expectReads(stats);
    if (seen && isSameFile(seen.stats, stats)) return { file, real: seen.real, stats };
    // Judged by what is open: the path may have been changed since it was followed.
    const descriptor = await descriptorPath(io, file);
    if (descriptor) {
      const real = await datadirs.inside(io, await realPathOf(io, descriptor, path));
      return { file, real, stats };
    }
    const found = await lookAt(io, datadirs, path);
    if (!isSameFile(found.stats, stats)) {
      throw new Forbidden("the path was changed while it was being opened");
    }
    return { file, ...found };
  } catch (error) {
    await file.close().catch(() => {});
    throw error;
  }
}

async function openFile(io: Io, path: string): Promise<OpenFile> {
  // To open a FIFO otherwise waits for who writes to it. Windows has neither.
  const flags = FILE_FLAGS.O_RDONLY | (FILE_FLAGS.O_NONBLOCK ?? 0);
  // Of a file that no link led to, it is known whether a server has to be contacted.
  const open = (path: string) => OpenFile.open(io, path, flags | (FILE_FLAGS.O_NOFOLLOW ?? 0));
  return await unless(["ELOOP"], open(path)) ?? await open(await io.wait(realpath(path)));
}

function requireFile(stats: BigIntStats): void {
  if (stats.isDirectory()) throw new NotFound("it is a directory");
  if (!stats.isFile()) throw new NotFound("it is no regular file");
}

/** Reads a range of an open image and closes it in the end. Throws `InvalidRange`. */
export function readerOf(
  file: OpenFile,
  stats: BigIntStats,
  { offset, length }: ByteRange,
): ImageReader {
  const total = Number(stats.size);
  if (offset > total) throw pastEnd(offset, total);
  const end = Math.min(total, offset + (length ?? total));
  const hasHoles = isSparse(stats);
  let at = offset;
  let reads = 0;
  return {
    size: end - offset,
    total,
    isSparse: hasHoles,
    etag: etagOf(stats),
    modified: stats.mtime,
    async read(view) {
      const wanted = view.subarray(0, Math.min(view.length, end - at));
      const count = await (hasHoles ? readSparse(file, wanted, at) : file.read(wanted, at));
      at += count;
      reads++;
      // glance_store writes in place, so that what takes several reads is only known to be of one
      // image at its end, and that it is the whole only at the image's.
      const isLast = count < wanted.length || at === total || (at === end && reads > 1);
      const mustLook = isLast && wanted.length > 0 && !file.isUnchanged();
      if (mustLook && identity(await file.stat()) !== identity(stats)) {
        throw new ImageChanged("the file was changed while it was being read");
      }
      return view.subarray(0, count);
    },
    close: () => file.close(),
  };
}

/**
 * Returns a function that throws `ImageChanged` if the file is not as it was. Where that is not known at once,
 * reads that end during a call of the system share the next one.
 */
function changeGuard(file: OpenFile, stats: BigIntStats): () => Promise<void> {
  let last = Promise.resolve();
  let next: Promise<void> | undefined;
  const check = async () => {
    next = undefined;
    if (identity(await file.stat()) !== identity(stats)) {
      throw new ImageChanged("the file was changed since it was opened");
    }
  };
  return async () => {
    if (!file.isUnchanged()) await (next ??= last = last.catch(() => {}).then(check));
  };
}

/** Reads anywhere in an open image. Throws `ImageChanged` once the file was changed in place. */
export function handleOf(file: OpenFile, stats: BigIntStats): DriverHandle {
  const size = Number(stats.size);
  const requireUnchanged = changeGuard(file, stats);
  return {
    size,
    async read(view, position) {
      if (position >= size) return 0;
      const count = await file.read(
        view.subarray(0, Math.min(view.length, size - position)),
        position,
      );
      await requireUnchanged();
      return count;
    },
    async extents(offset, length) {
      const extents = file.extents(offset, length) ?? [{ kind: "data", offset, length }];
      await requireUnchanged();
      return extents;
    },
    close: () => file.close(),
    [Symbol.asyncDispose]: () => file.close(),
  };
}
