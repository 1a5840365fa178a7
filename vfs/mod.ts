/**
 * The path tree over configured stores.
 *
 * @module
 */
export type { SeveralStoresOptions } from "./add_to_several.ts";
export type { ImagePlace } from "./copy.ts";
export type { CheckTreesOptions } from "./check_trees.ts";
export type { CopyTreeOptions } from "./copy_tree.ts";
export { SeekMode, VfsFile } from "./file.ts";
export type { DirEntry, FileInfo } from "./file_info.ts";
export { parsePath, type TreePath } from "./path.ts";
export type { CopiesRead, ReadCopiesOptions } from "./read_copies.ts";
export type { SyncTreeOptions } from "./sync_tree.ts";
export type {
  TreeOptions,
  TreeOutcome,
  TreeProgress,
  TreeState,
  TreeSummary,
  TreeTarget,
  TreeTransfer,
} from "./tree_work.ts";
export { type RemoveOptions, Vfs, type VfsOptions } from "./vfs.ts";
export type {
  GlobOptions,
  ReadDirOptions,
  ReadTreeOptions,
  WalkEntry,
  WalkOptions,
} from "./walk.ts";
