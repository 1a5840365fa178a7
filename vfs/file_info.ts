/**
 * What the tree tells of its files and directories, in the shapes that Deno users know.
 *
 * @module
 */
import type { ImageStat, ListEntry } from "../store/mod.ts";

/** What {@linkcode Vfs.stat} resolves to. */
export interface FileInfo extends Partial<Omit<ImageStat, "modified">> {
  /** Whether it is an image. */
  isFile: boolean;
  /** Whether it is a directory. */
  isDirectory: boolean;
  /** The tree shows no symbolic links. */
  isSymlink: false;
  /** When it was last changed, where known. */
  mtime: Date | null;
}

/** One name in a directory. */
export interface DirEntry {
  /** The name, one segment. */
  name: string;
  /** Whether it is an image. */
  isFile: boolean;
  /** Whether it is a directory. */
  isDirectory: boolean;
  /** The tree shows no symbolic links. */
  isSymlink: false;
  /** Size in bytes, where the listing tells it. */
  size?: number | undefined;
  /** When it was last changed, where the listing tells it. */
  mtime: Date | null;
  /** Its entity tag, quotes included, where the listing tells it. */
  etag?: string | undefined;
}

/** A directory, of which nothing else is known. */
export const DIRECTORY = {
  isFile: false,
  isDirectory: true,
  isSymlink: false,
  mtime: null,
} as const;

/** An image as a file. */
export function fileInfo({ modified, ...stat }: ImageStat): FileInfo {
  return { isFile: true, isDirectory: false, isSymlink: false, mtime: modified ?? null, ...stat };
}

/** A line of a store's listing as a directory entry. */
export function dirEntry({ path, kind, size, modified, etag }: ListEntry): DirEntry {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (kind === "directory") return { name, ...DIRECTORY };
  return {
    name,
    isFile: true,
    isDirectory: false,
    isSymlink: false,
    size,
    mtime: modified ?? null,
    etag,
  };
}
