/**
 * What is known of files and directories of the tree, in the shapes that Deno users know.
 *
 * @module
 */
import { Invalid } from "../errors/mod.ts";
import { isConditional } from "../store/check_options.ts";
import type { ImageFormat, ImageStat, ListEntry, StatOptions } from "../store/mod.ts";

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
  /** Media type, where the listing has it. */
  contentType?: string | undefined;
}

/** What is known of any directory. */
export const DIRECTORY = {
  isFile: false,
  isDirectory: true,
  isSymlink: false,
  mtime: null,
} as const;

/**
 * Returns what is known of a directory, which has neither entity tag nor date for a precondition.
 *
 * @param path The path of the directory, for the error.
 * @param options The preconditions.
 * @returns What is known of any directory.
 * @throws {Invalid} If there is a precondition.
 */
export function directoryInfo(path: string, options: StatOptions): FileInfo {
  if (!isConditional(options)) return DIRECTORY;
  throw new Invalid("a directory has no preconditions", { operation: "stat", path });
}

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
  const { path, kind, size, modified, etag, contentType, format, virtualSize } = entry;
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
  if (format === undefined && contentType === undefined) return image;
  return {
    ...image,
    ...contentType !== undefined && { contentType },
    ...format !== undefined && { format, virtualSize },
  };
}
