/**
 * Local files and the standard streams: read as an image's data, written whole or not at all.
 *
 * @module
 */
import { basename, dirname, join } from "@std/path";
import { Duplicate, Invalid, NotFound, type StoreError } from "../errors/mod.ts";
import type { Location } from "../location/mod.ts";
import { type ImageData, readableFrom } from "../streams/mod.ts";
import { Misuse, type Session } from "./command.ts";
import type { Place } from "./place.ts";
import { byName } from "./walk.ts";

/** Opens a local file, or standard input, as an image's data. */
export async function openLocal(
  place: Exclude<Place, { kind: "tree" }>,
): Promise<{ data: ImageData; size: number | undefined; name: string }> {
  if (place.kind === "standard") {
    return { data: Deno.stdin.readable, size: undefined, name: "-" };
  }
  const { path } = place;
  const file = await Deno.open(path).catch((error) => {
    throw localError(error, "read", path);
  });
  const info = await file.stat();
  if (info.isDirectory) {
    file.close();
    throw new Misuse(`${path}: is a directory`);
  }
  const name = basename(path);
  return info.isFile
    ? { data: unchanged(file, info, path), size: info.size, name }
    : { data: file.readable, size: undefined, name };
}

/** The bytes of an open file, which fail at their end if somebody wrote to it meanwhile. */
function unchanged(
  file: Deno.FsFile,
  before: Deno.FileInfo,
  path: string,
): ReadableStream<Uint8Array> {
  let isOpen = true;
  return readableFrom({
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
  }, before.size);
}

/**
 * Writes chunks to a local file, which appears whole or not at all, in directories that are made as
 * needed. A file that is replaced keeps its mode; what is there and no regular file is refused before
 * the first chunk.
 */
export async function writeLocal(
  path: string,
  overwrite: boolean,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const { target, mode } = await targetOf(path, overwrite);
  const partial = join(dirname(target), `.${crypto.randomUUID()}.partial`);
  try {
    await Deno.mkdir(dirname(target), { recursive: true });
    const file = await Deno.open(partial, {
      write: true,
      createNew: true,
      mode: (mode ?? 0o666) & 0o777,
    });
    await ReadableStream.from(chunks).pipeTo(file.writable);
    // Beyond what the umask leaves of it.
    if (mode !== null) await Deno.chmod(partial, mode & 0o777);
    if (overwrite) await Deno.rename(partial, target);
    else await Deno.link(partial, target);
  } catch (error) {
    throw localError(error, "write", path);
  } finally {
    await Deno.remove(partial).catch(() => {});
  }
}

/** The file that a path leads to, through symbolic links, and the mode of the one that is there. */
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

/** Whether a local path leads to the file that is the image at a location. */
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
 * The paths of the regular files below a directory, from there. Symbolic links to such files are
 * followed; what else is no directory is noted, and what fails is said.
 */
export async function* filesBelow(
  directory: string,
  session: Pick<Session, "fail" | "note">,
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
      else session.note(`${path}: passed over, it is no regular file`);
    } catch (error) {
      session.fail(localError(error, "read", path));
    }
  }
}

/** Whether a local path is a directory. Throws why nobody can tell. */
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
