/**
 * Whole trees copied, moved, removed and verified, several images at the same time.
 *
 * @module
 */
import { Invalid } from "../errors/mod.ts";
import type { AcceptPolicy } from "../formats/mod.ts";
import { copyImage, type ImagePlace, moveImage } from "./copy.ts";
import { checkTreeOptions, withTreePath } from "./errors.ts";
import { withinMemory } from "./memory_budget.ts";
import {
  checkApart,
  imagesBelow,
  pathBelow,
  type TreeOptions,
  type TreeRoot,
  type TreeSummary,
  TreeWork,
} from "./tree_work.ts";

/** Options of {@linkcode Vfs.copyTree}. */
export interface CopyTreeOptions extends TreeOptions {
  /** Whether the data must have the digests that the source's store holds. See `Vfs.copyFile`. */
  verify?: boolean | undefined;
  /** Which images are accepted. Default: those that the target's store accepts. */
  accept?: AcceptPolicy | undefined;
}

/**
 * Copies every image of a tree.
 *
 * @param from The directory to copy.
 * @param to The directory that the copies are in.
 * @param options How many at the same time, and what is called with progress and outcomes.
 * @returns How many images became what.
 */
export async function copyTree(
  from: TreeRoot,
  to: TreeRoot,
  options: CopyTreeOptions,
): Promise<TreeSummary> {
  await checkTreeOptions("copyTree", `${from.path} to ${to.path}`, options);
  checkApart(from, to);
  const work = new TreeWork(options);
  const { verify, accept } = options;
  await work.run(imagesBelow(from, options), async ({ path, size }) => {
    const verifier = work.verifierOf({ path, size });
    const copyOptions = { verify, accept, verifier, ...work.operation };
    await copyBetween(from, to, path, (source, target) => {
      return withinMemory(size, () => copyImage(source, target, copyOptions));
    });
    return { path, size, state: "copied" };
  });
  return work.finish();
}

/**
 * Moves every image of a tree. Each leaves its place when its copy is whole and checked.
 *
 * @param from The directory to move.
 * @param to The directory that the images will be in.
 * @param options How many at the same time, and what is called with progress and outcomes.
 * @returns How many images became what.
 */
export async function moveTree(
  from: TreeRoot,
  to: TreeRoot,
  options: TreeOptions,
): Promise<TreeSummary> {
  await checkTreeOptions("moveTree", `${from.path} to ${to.path}`, options);
  checkApart(from, to);
  const work = new TreeWork(options);
  await work.run(imagesBelow(from, options), async ({ path, size }) => {
    const copyOptions = { verifier: work.verifierOf({ path, size }), ...work.operation };
    await copyBetween(from, to, path, (source, target) => {
      return withinMemory(size, () => moveImage(source, target, copyOptions));
    });
    return { path, size, state: "moved" };
  });
  return work.finish();
}

/**
 * Calls a function with the places of an image in two trees. Its errors name both paths.
 *
 * @typeParam T What the function returns.
 * @param from The tree that has the image.
 * @param to The tree that will have it.
 * @param path The path of the image from the root of either tree.
 * @param copy Copies or moves the image.
 * @returns What `copy` returns.
 */
export function copyBetween<T>(
  from: TreeRoot,
  to: TreeRoot,
  path: string,
  copy: (source: ImagePlace, target: ImagePlace) => Promise<T>,
): Promise<T> {
  const [source, target] = [pathBelow(from, path), pathBelow(to, path)];
  return withTreePath(`${source} to ${target}`, () => {
    return copy(from.vfs.imageAt(source), to.vfs.imageAt(target));
  });
}

/**
 * Removes every image of a tree.
 *
 * @param root The directory.
 * @param options How many at the same time, and what is called with progress and outcomes.
 * @returns How many images were removed.
 */
export async function removeTree(root: TreeRoot, options: TreeOptions): Promise<TreeSummary> {
  await checkTreeOptions("removeTree", root.path, options);
  const work = new TreeWork(options);
  await work.run(imagesBelow(root, options), async ({ path, size }) => {
    await root.vfs.remove(pathBelow(root, path), work.operation);
    return { path, size, state: "removed" };
  });
  return work.finish();
}

/**
 * Reads every image of a tree and compares its digests with those that its store holds.
 *
 * @param root The directory.
 * @param options How many at the same time, and what is called with progress and outcomes.
 * @returns How many images were verified, and of how many no digest is known.
 */
export async function verifyTree(root: TreeRoot, options: TreeOptions): Promise<TreeSummary> {
  await checkTreeOptions("verifyTree", root.path, options);
  const work = new TreeWork(options);
  await work.run(imagesBelow(root, options), async ({ path, size }) => {
    const whole = pathBelow(root, path);
    const info = await root.vfs.stat(whole, work.operation);
    const { checksum, multihash } = info.recorded ?? info;
    if (checksum === undefined && multihash === undefined) {
      const error = new Invalid(`verify ${whole}: no digest of the image is known`);
      return { path, size, state: "unknown", error };
    }
    const verify = { checksum, multihash };
    await withTreePath(whole, async () => {
      const { stream } = await root.vfs.get(whole, { verify, ...work.operation });
      const verifier = work.verifierOf({ path, size });
      for await (const chunk of stream) await verifier.update(chunk);
    });
    return { path, size, state: "verified" };
  });
  return work.finish();
}
