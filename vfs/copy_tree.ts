/**
 * Whole trees copied, moved, removed and verified, several images at the same time.
 *
 * @module
 */
import { Invalid } from "../errors/mod.ts";
import type { AcceptPolicy } from "../formats/mod.ts";
import type { CopyOptions } from "../store/copy.ts";
import type { SeveralStoresOptions } from "./add_to_several.ts";
import { copyImage, copyToSeveral, type ImagePlace, moveImage } from "./copy.ts";
import { checkTreeOptions, setTreePath, withTreePath } from "./errors.ts";
import { withinMemory } from "./memory_budget.ts";
import {
  checkApart,
  checkResume,
  imagesBelow,
  pathBelow,
  type TreeImage,
  type TreeOptions,
  type TreeOutcome,
  type TreeRoot,
  type TreeSummary,
  TreeWork,
} from "./tree_work.ts";

/** Options of {@linkcode Vfs.copyTree}. */
export interface CopyTreeOptions extends TreeOptions, SeveralStoresOptions {
  /** Whether the data must have the digests that the source's store holds. See `Vfs.copyFile`. */
  verify?: boolean | undefined;
  /** Which images are accepted. Default: those that the target's store accepts. */
  accept?: AcceptPolicy | undefined;
  /** Whether copies as streams continue those that died. See `AddOptions.resume`. Default: `false`. */
  resume?: boolean | undefined;
}

/**
 * Copies every image of a tree.
 *
 * @param from The directory to copy.
 * @param to The directory that the copies are in, or several.
 * @param options How many at the same time, and what is called with progress and outcomes.
 * @returns How many images became what.
 */
export async function copyTree(
  from: TreeRoot,
  to: TreeRoot | readonly TreeRoot[],
  options: CopyTreeOptions,
): Promise<TreeSummary> {
  const targets = [to].flat();
  const paths = targets.map(({ path }) => path).join(", ");
  await checkTreeOptions("copyTree", `${from.path} to ${paths}`, options);
  const [only] = targets;
  if (only === undefined) throw new Invalid("copyTree needs a directory for the copies");
  for (const [index, target] of targets.entries()) {
    for (const other of [from, ...targets.slice(0, index)]) checkApart(other, target);
  }
  if (options.resume) targets.forEach(checkResume);
  const work = new TreeWork(options);
  const { verify, accept, resume, lag, idleTimeout } = options;
  await work.run(imagesBelow(from, options), async ({ path, size }) => {
    const verifier = work.verifierOf({ path, size });
    const copyOptions = { verify, accept, resume, verifier, ...work.operation };
    if (targets.length > 1) {
      return await copyToAll(from, targets, { path, size }, { ...copyOptions, lag, idleTimeout });
    }
    const { notKept } = await copyBetween(from, only, path, (source, target) => {
      return withinMemory(size, () => copyImage(source, target, copyOptions));
    });
    return { path, size, state: "copied", notKept };
  });
  return work.finish();
}

/** Copies one image of a tree into several, and returns what became of each copy. */
async function copyToAll(
  from: TreeRoot,
  to: readonly TreeRoot[],
  { path, size }: Pick<TreeImage, "path" | "size">,
  options: CopyOptions & SeveralStoresOptions,
): Promise<TreeOutcome> {
  const source = pathBelow(from, path);
  const paths = to.map((root) => pathBelow(root, path));
  const places = to.map(({ vfs }, index) => vfs.imageAt(paths[index]!));
  const outcomes = await withTreePath(source, () => {
    const copy = () => copyToSeveral(from.vfs.imageAt(source), places, options);
    return withinMemory(size, copy, places.length + 1);
  });
  options.signal?.throwIfAborted();
  const targets = outcomes.map((outcome, index) => {
    const path = paths[index]!;
    if (outcome.status === "fulfilled") return { path, notKept: outcome.value.notKept };
    return { path, error: setTreePath(outcome.reason, `${source} to ${path}`) };
  });
  const failed = targets.find(({ error }) => error !== undefined);
  if (failed === undefined) return { path, size, state: "copied", targets };
  return { path, size, state: "failed", error: failed.error, targets };
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
    const { notKept } = await copyBetween(from, to, path, (source, target) => {
      return withinMemory(size, () => moveImage(source, target, copyOptions));
    });
    return { path, size, state: "moved", notKept };
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
