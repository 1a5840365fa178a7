/**
 * The operations on whole trees and on pages of directories, which `Vfs` loads when the first of them is used.
 *
 * @module
 */
export { checkTrees } from "./check_trees.ts";
export { copyTree, moveTree, removeTree, verifyTree } from "./copy_tree.ts";
export { glob } from "./glob.ts";
export { readPage } from "./read_page.ts";
export { syncTree } from "./sync_tree.ts";
export { listTree } from "./tree_listing.ts";
