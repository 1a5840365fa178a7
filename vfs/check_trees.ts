/**
 * Comparing two trees.
 *
 * @module
 */
import { compareImages } from "./compare.ts";
import { checkTreeOptions } from "./errors.ts";
import {
  imagesBelow,
  knownImages,
  type TreeImage,
  type TreeOptions,
  type TreeRoot,
  type TreeSummary,
  TreeWork,
} from "./tree_work.ts";

/** Options of {@linkcode Vfs.checkTrees}. */
export interface CheckTreesOptions extends TreeOptions {
  /** Whether digests that are not known are computed, by reading the images. Default: `false`. */
  download?: boolean | undefined;
  /** Returns whether an image counts, by its path from the root. Default: all do. */
  filter?: ((path: string) => boolean) | undefined;
}

/**
 * Compares two trees by sizes and digests.
 *
 * @param a The one directory.
 * @param b The other directory.
 * @param options Whether digests are computed, and how many images at the same time.
 * @returns How many images are the `same`, `differs`, are `missing` in the second tree, `extra` in it, or
 * `unknown`.
 */
export async function checkTrees(
  a: TreeRoot,
  b: TreeRoot,
  options: CheckTreesOptions,
): Promise<TreeSummary> {
  await checkTreeOptions("checkTrees", `${a.path} and ${b.path}`, options);
  const work = new TreeWork(options);
  const { filter = () => true } = options;
  const others = await knownImages(b, options);
  const compared = async function* () {
    for await (const image of imagesBelow(a, options)) {
      const other = others.get(image.path);
      others.delete(image.path);
      if (image.error === undefined && !filter(image.path)) continue;
      yield { ...image, other };
    }
  };
  const rest = async function* () {
    yield* compared();
    for (const image of others.values()) {
      if (image.error === undefined && !filter(image.path)) continue;
      yield { ...image, isExtra: true };
    }
  };
  type Compared = TreeImage & { other?: TreeImage | undefined; isExtra?: boolean };
  await work.run<Compared>(rest(), async ({ other, isExtra, ...image }) => {
    const { path, size } = image;
    if (isExtra) return { path, size, state: "extra" };
    if (other === undefined) return { path, size, state: "missing" };
    if (other.error !== undefined) throw other.error;
    const { result, reason } = await compareImages(
      { root: a, image },
      { root: b, image: other },
      { computes: options.download ?? false, byDate: false },
      work,
    );
    return { path, size, state: result, error: reason && new Error(`${path}: ${reason}`) };
  });
  return work.finish();
}
