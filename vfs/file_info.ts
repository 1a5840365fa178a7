/**
 * What is known of files and directories of the tree, in the shapes that Deno users know.
 *
 * @module
 */
import type { ImageFormat, ImageStat, ListEntry } from "../store/mod.ts";

/** What {@linkcode Vfs.stat} resolves to. */
export interface FileInfo extends Partial<Omit<ImageStat, "modified">> {
  /** Whether it is an image. */
  isFile: boolean;
  /** Whether it is a directory. */
  isDirectory: boolean;
  /** Always `false`: the tree has no symbolic links. */
  isSymlink: false;
  /** The date of the last change; `null` where it is not known. */
  mtime: Date | null;
}

/** A name in a directory. */
export interface DirEntry extends ImageFormat {
  /** The name. It has no slash. */
  name: string;
  /** Whether it is an image. */
  isFile: boolean;
  /** Whether it is a directory. */
  isDirectory: boolean;
  /** Always `false`: the tree has no symbolic links. */
  isSymlink: false;
  /** Size in bytes, where the listing has it. */
  size?: number | undefined;
  /** The date of the last change; `null` where the listing does not have it. */
  mtime: Date | null;
  /** The entity tag, quotes included, where the listing has it. */
  etag?: string | undefined;
}

/** What is known of any directory. */
export const DIRECTORY = {
  isFile: false,
  isDirectory: true,
  isSymlink: false,
  mtime: null,
} as const;

/**
 * Returns what the tree says of an image.
 *
 * @param stat What its store says of it.
 * @returns The same in the shape of `Deno.FileInfo`.
 */
export function fileInfo({ modified, ...stat }: ImageStat): FileInfo {
  return { isFile: true, isDirectory: false, isSymlink: false, mtime: modified ?? null, ...stat };
}

/**
 * Returns the entry of a directory for an entry of a store's listing.
 *
 * @param entry The entry of the listing.
 * @returns The same in the shape of `Deno.DirEntry`.
 */
export function dirEntry(entry: ListEntry): DirEntry {
  const { path, kind, size, modified, etag, format, virtualSize } = entry;
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (kind === "directory") return { name, ...DIRECTORY };
  const mtime = modified ?? null;
  const image = {
    name,
    isFile: true,
    isDirectory: false,
    isSymlink: false,
    size,
    mtime,
    etag,
  } as const;
  return format === undefined ? image : { ...image, format, virtualSize };
}
