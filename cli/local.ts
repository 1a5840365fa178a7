/**
 * Local files and the standard streams: read as an image's data, written whole or not at all.
 *
 * @module
 */
import { basename } from "@std/path/basename";
import { dirname } from "@std/path/dirname";
import { join } from "@std/path/join";
import { Duplicate, Invalid, NotFound, type StoreError } from "../errors/mod.ts";
import type { Location } from "../location/mod.ts";
import { countData, dataRuns } from "../drivers/shared/sparse.ts";
import type { ByteReader, Bytes, ImageData } from "../streams/mod.ts";
import { type Session, UsageError } from "./command.ts";
import { abortable } from "./output.ts";
import type { LocalPlace, StandardPlace } from "./place.ts";
import { byName } from "./walk.ts";

/** Size of the blocks that are left out if they are zeros, in bytes. */
const HOLE_SIZE = 65_536;

/** A local file, or standard input, opened as the bytes of an image. */
export interface LocalData {
  /** The bytes. */
  data: ImageData;
  /** Their number, if it is known before they are read. */
  size: number | undefined;
  /** The name of the file; `-` for standard input. */
  name: string;
  /** Whether the file has holes. */
  isSparse?: boolean;
}

/**
 * Opens a local file, or standard input.
 *
 * @param place The file.
 * @param signal Aborts the wait for a named pipe that nobody opens for writing.
 * @returns Its bytes. They fail at their end if somebody wrote to the file meanwhile.
 * @throws {NotFound} If there is no such file.
 * @throws {UsageError} If it is a directory.
 */
export async function openLocal(
  place: LocalPlace | StandardPlace,
  signal?: AbortSignal,
): Promise<LocalData> {
  if (place.kind === "standard") {
    return { data: Deno.stdin.readable, size: undefined, name: "-" };
  }
  const { path } = place;
  const opening = openReachable(path);
  const file = await abortable(opening, signal).catch((error) => {
    // The pipe opens when a writer comes, and nobody needs it then.
    if (signal?.aborted) opening.then((file) => file.close(), () => {});
    throw localError(error, "read", path);
  });
  const info = await file.stat();
  if (info.isDirectory) {
    file.close();
    throw new UsageError(`${path}: is a directory`);
  }
  const name = basename(path);
  return info.isFile
    ? { data: checkedReader(file, info, path), size: info.size, name, isSparse: isSparse(info) }
    : { data: file.readable, size: undefined, name };
}

/**
 * Opens a file for reading. Deno follows the links of its path on the main thread, where a mount that hangs would
 * keep the command from being ended, so that the file system is waited for before.
 */
async function openReachable(path: string): Promise<Deno.FsFile> {
  await Deno.stat(path).catch(() => {});
  return await Deno.open(path);
}

/** Returns whether a file has holes: it takes less room than it has bytes. */
function isSparse({ blocks, size }: Deno.FileInfo): boolean {
  return blocks !== null && blocks * 512 < size;
}

/** Reads an open file, and fails at its end if somebody wrote to it meanwhile. */
function checkedReader(file: Deno.FsFile, before: Deno.FileInfo, path: string): ByteReader {
  let isOpen = true;
  const reader: ByteReader & { readonly size: number } = {
    size: before.size,
    async read(view) {
      let filled = 0;
      while (filled < view.length) {
        const count = await file.read(view.subarray(filled));
        if (count === null) {
          const { size, mtime } = await file.stat();
          if (size !== before.size || +(mtime ?? 0) !== +(before.mtime ?? 0)) {
            throw new Error(`${path}: it was changed while it was read`);
          }
          break;
        }
        filled += count;
      }
      return view.subarray(0, filled);
    },
    close() {
      if (isOpen) file.close();
      isOpen = false;
      return Promise.resolve();
    },
  };
  return reader;
}

/**
 * Writes chunks to a local file, which appears whole or not at all. Missing directories are created. A
 * file that is replaced keeps its mode. Runs of zeros become holes.
 *
 * @param path The path of the file. Symbolic links are followed.
 * @param overwrite Whether a file that is there is replaced.
 * @param chunks The bytes.
 * @throws {Duplicate} If the file is there already and is not to be replaced.
 * @throws {Invalid} If something is there that is no regular file.
 */
export async function writeLocal(
  path: string,
  overwrite: boolean,
  chunks: AsyncIterable<Bytes>,
): Promise<void> {
  const { target, mode } = await targetOf(path, overwrite);
  const partial = join(dirname(target), `.${crypto.randomUUID()}.partial`);
  try {
    await Deno.mkdir(dirname(target), { recursive: true });
    using file = await Deno.open(partial, {
      write: true,
      createNew: true,
      mode: (mode ?? 0o666) & 0o777,
    });
    await writeSparse(file, chunks);
    // What is replaced must not be lost to a crash before the new bytes are on the disk.
    if (overwrite) await file.syncData();
    file.close();
    // Opening the file applied the umask to the mode.
    if (mode !== null) await Deno.chmod(partial, mode & 0o777);
    if (overwrite) await Deno.rename(partial, target);
    else await Deno.link(partial, target);
  } catch (error) {
    throw localError(error, "write", path);
  } finally {
    await Deno.remove(partial).catch(() => {});
  }
}

/**
 * Counts what {@linkcode writeLocal} writes of a chunk: all but the zeros that become holes.
 *
 * @param chunk The chunk.
 * @returns The number of bytes that are written.
 */
export function countLocalData(chunk: Bytes): number {
  return countData(chunk, HOLE_SIZE);
}

/** Writes chunks to a new file, but for blocks of zeros. */
async function writeSparse(file: Deno.FsFile, chunks: AsyncIterable<Bytes>): Promise<void> {
  let size = 0;
  let position = 0;
  for await (const chunk of chunks) {
    for (const [start, end] of dataRuns(chunk, HOLE_SIZE)) {
      if (position !== size + start) await file.seek(size + start, Deno.SeekMode.Start);
      for (let at = start; at < end;) at += await file.write(chunk.subarray(at, end));
      position = size + end;
    }
    size += chunk.length;
  }
  // The last bytes may have been left out.
  if (position !== size) await file.truncate(size);
}

/** Returns the file that a path leads to through symbolic links, and the mode of the one that is there. */
async function targetOf(
  path: string,
  overwrite: boolean,
): Promise<{ target: string; mode: number | null }> {
  try {
    if (await Deno.lstat(path).catch(unlessMissing) === undefined) {
      return { target: path, mode: null };
    }
    const found = await Deno.stat(path).catch(unlessMissing);
    if (!found?.isFile) throw new Invalid("what is there is no regular file");
    if (!overwrite) throw new Deno.errors.AlreadyExists();
    return { target: await Deno.realPath(path), mode: found.mode };
  } catch (error) {
    throw localError(error, "write", path);
  }
}

/**
 * Returns whether a local path leads to the very file that is an image of a file store.
 *
 * @param location The location of the image.
 * @param path The local path.
 * @returns Whether both are one file.
 */
export async function isImageFile(
  { scheme, storeLocation }: Location,
  path: string,
): Promise<boolean> {
  if (scheme !== "file") return false;
  const [image, local] = await Promise.all(
    [storeLocation.path, path].map((one) => Deno.stat(one).catch(unlessMissing)),
  );
  return image?.ino !== undefined && image.ino !== null && image.ino === local?.ino &&
    image.dev === local.dev;
}

function unlessMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

/**
 * Lists the regular files below a directory, in the order of their names. Symbolic links to such files
 * are followed. Everything else, and what cannot be read, is reported to `session.fail`.
 *
 * @param directory The path of the directory.
 * @param session Takes the reports.
 * @returns The paths from the directory.
 */
export async function* filesBelow(
  directory: string,
  session: Pick<Session, "fail">,
): AsyncGenerator<string> {
  const base = directory.replace(/\/$/, "");
  let entries: Deno.DirEntry[] = [];
  try {
    entries = (await Array.fromAsync(Deno.readDir(directory))).sort(byName);
  } catch (error) {
    session.fail(localError(error, "read", directory));
  }
  for (const { name, isDirectory, isFile, isSymlink } of entries) {
    const path = `${base}/${name}`;
    if (isDirectory) {
      for await (const rest of filesBelow(path, session)) yield `${name}/${rest}`;
      continue;
    }
    try {
      if (isFile || (isSymlink && (await Deno.stat(path)).isFile)) yield name;
      else session.fail(new Error(`${path}: passed over, it is no regular file`));
    } catch (error) {
      session.fail(localError(error, "read", path));
    }
  }
}

/**
 * Returns whether a local path is a directory.
 *
 * @param path The path. Symbolic links are followed.
 * @returns Whether it is.
 * @throws {NotFound} If nothing is there.
 */
export async function isLocalDirectory(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    throw localError(error, "read", path);
  }
}

function localError(error: unknown, operation: string, path: string): unknown {
  const where = { store: "local file", operation, path };
  if (error instanceof Deno.errors.NotFound) {
    return new NotFound("no such file or directory", { ...where, cause: error });
  }
  if (error instanceof Deno.errors.AlreadyExists) {
    return new Duplicate("it exists already; --force replaces it", { ...where, cause: error });
  }
  if (error instanceof Invalid && error.operation === undefined) return error.at(where);
  const known = (error as StoreError).operation !== undefined || !(error instanceof Error) ||
    !("code" in error);
  if (known) return error;
  return new Error(`${operation} ${path}: ${(error as Error).message}`, { cause: error });
}
