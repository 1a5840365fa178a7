/**
 * The operations on whole trees, which `Vfs` loads when the first of them is used.
 *
 * @module
 */
export { checkTrees } from "./check_trees.ts";
export { copyTree, moveTree, removeTree, verifyTree } from "./copy_tree.ts";
export { glob } from "./glob.ts";
export { syncTree } from "./sync_tree.ts";
export { listTree } from "./tree_listing.ts";
