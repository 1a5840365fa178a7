/**
 * The path tree over configured stores.
 *
 * @module
 */
export type { ImagePlace } from "./copy.ts";
export { SeekMode, VfsFile } from "./file.ts";
export type { DirEntry, FileInfo } from "./file_info.ts";
export { parsePath, type TreePath } from "./path.ts";
export { type RemoveOptions, Vfs, type VfsOptions } from "./vfs.ts";
export type { GlobOptions, ReadDirOptions, WalkEntry, WalkOptions } from "./walk.ts";
