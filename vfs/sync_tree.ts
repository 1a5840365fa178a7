/**
 * Making one tree like another.
 *
 * @module
 */
import { Invalid, NotFound } from "../errors/mod.ts";
import { type ComparedImage, compareImages } from "./compare.ts";
import { copyImage } from "./copy.ts";
import { copyBetween, type CopyTreeOptions } from "./copy_tree.ts";
import { withinMemory } from "./memory_budget.ts";
import {
  checkApart,
  imagesBelow,
  knownImages,
  pathBelow,
  type TreeImage,
  type TreeOutcome,
  type TreeRoot,
  type TreeSummary,
  TreeWork,
} from "./tree_work.ts";

/** Options of {@linkcode Vfs.syncTree}. */
export interface SyncTreeOptions extends CopyTreeOptions {
  /** Whether digests that are not known are computed, by reading the images. Default: `false`. */
  checksum?: boolean | undefined;
  /** Whether an image that differs from that of the source is replaced. Default: `false`. */
  replace?: boolean | undefined;
  /**
   * Whether what the source lacks is removed from the target, after everything else has succeeded.
   * Default: `false`.
   */
  delete?: boolean | undefined;
  /** Whether nothing is done, and `onImage` is called with what would be. Default: `false`. */
  dryRun?: boolean | undefined;
  /** Returns whether an image counts, by its path from the root. Default: all do. */
  filter?: ((path: string) => boolean) | undefined;
}

/** What the name of an image ends with that is to take the place of another. */
const NEW = ".vitrine-sync-new";

/** What the name of an image ends with whose place another is taking. */
const OLD = ".vitrine-sync-old";

/**
 * Makes a tree like another. Nothing is overwritten and nothing deleted by default.
 *
 * With `replace`, the copy is added beside the image, with `.vitrine-sync-new` at the end of its name; then
 * the image is renamed to end in `.vitrine-sync-old`, the copy takes its name, and the old image is
 * deleted. Between the two renames there is no image of the name. The next run finishes what was
 * interrupted there.
 *
 * @param from The directory that is to be had.
 * @param to The directory that becomes like it.
 * @param options What is replaced and deleted, and how many images at the same time.
 * @returns How many images became what.
 */
export async function syncTree(
  from: TreeRoot,
  to: TreeRoot,
  options: SyncTreeOptions,
): Promise<TreeSummary> {
  checkApart(from, to);
  const work = new TreeWork(options);
  const { filter = () => true } = options;
  if (!(await from.vfs.stat(from.path, work.operation)).isDirectory) {
    throw new Invalid("it is no directory", { operation: "sync", path: from.path });
  }
  const present = await knownImages(to, options);
  if (present.has("")) {
    throw new Invalid("it is no directory", { operation: "sync", path: to.path });
  }
  const unseen = new Map(present);
  const wanted = async function* () {
    for await (const image of imagesBelow(from, options)) {
      if (image.error === undefined && !filter(image.path)) continue;
      unseen.delete(image.path);
      if (options.replace) {
        // What an interrupted run has left of this image is the next run's work.
        for (const ending of [NEW, OLD]) unseen.delete(image.path + ending);
      }
      yield image;
    }
  };
  const sync = new ImageSync(from, to, present, options, work);
  await work.run(wanted(), (image) => sync.run(image));
  const skipped = [...present.values()].filter(({ error }) => error !== undefined);
  if (skipped.length > 0) await work.run(skipped, ({ error }) => Promise.reject(error));
  if (!options.delete) return work.finish();
  const extra = [...unseen.values()].filter(({ path, error }) =>
    error === undefined && filter(path)
  );
  if (work.failures > 0) {
    if (extra.length === 0) return work.finish();
    const error = new Invalid("nothing is deleted, because not everything was copied", {
      operation: "sync",
      path: to.path,
    });
    await work.run([{ path: "", error }], () => Promise.reject(error));
    return work.finish();
  }
  await work.run(extra.map(({ path }) => ({ path })), async ({ path }) => {
    const { size } = present.get(path)!;
    if (!options.dryRun) await to.vfs.remove(pathBelow(to, path), work.operation);
    return { path, size, state: "removed" };
  });
  return work.finish();
}

/** Makes one image after the other like that of the source. */
class ImageSync {
  readonly #from: TreeRoot;
  readonly #to: TreeRoot;
  readonly #present: ReadonlyMap<string, TreeImage>;
  readonly #options: SyncTreeOptions;
  readonly #work: TreeWork;

  constructor(
    from: TreeRoot,
    to: TreeRoot,
    present: ReadonlyMap<string, TreeImage>,
    options: SyncTreeOptions,
    work: TreeWork,
  ) {
    this.#from = from;
    this.#to = to;
    this.#present = present;
    this.#options = options;
    this.#work = work;
  }

  /** Copies or replaces an image, or leaves it as it is. */
  async run(image: TreeImage): Promise<TreeOutcome> {
    const { path, size } = image;
    const { replace, dryRun } = this.#options;
    if (replace && (path.endsWith(NEW) || path.endsWith(OLD))) {
      throw new Invalid(`${pathBelow(this.#from, path)}: sync itself uses names with this ending`);
    }
    const there = this.#present.get(path);
    if (there === undefined) {
      if (!dryRun) {
        if (!await this.#finishReplacing(image)) await this.#copy(image, path);
        await this.#removeLeft(image);
      }
      return { path, size, state: "copied" };
    }
    if (there.error !== undefined) throw there.error;
    const { result, reason } = await this.#compare(image, there);
    if (result === "same") {
      if (!dryRun) await this.#removeLeft(image);
      return { path, size, state: "same" };
    }
    if (!replace) {
      const error = new Error(`${pathBelow(this.#to, path)}: ${reason ?? "no digest is known"}`);
      return { path, size, state: result, error };
    }
    if (!dryRun) await this.#replace(image);
    return { path, size, state: "replaced" };
  }

  #compare(image: TreeImage, there: TreeImage) {
    const from: ComparedImage = { root: this.#from, image };
    const to: ComparedImage = { root: this.#to, image: there };
    const compare = { computes: this.#options.checksum ?? false, byDate: true };
    return compareImages(from, to, compare, this.#work);
  }

  async #copy({ path, size }: TreeImage, targetPath: string): Promise<void> {
    const { verify, accept } = this.#options;
    const { verifier, operation } = this.#work;
    const options = { verify, accept, verifier, ...operation };
    await copyBetween(this.#from, this.#to, path, (source, { store }) => {
      const target = this.#to.vfs.imageAt(pathBelow(this.#to, targetPath));
      return withinMemory(size, () => {
        return copyImage(source, { store, imageId: target.imageId }, options);
      });
    });
  }

  /** Puts the source's image in the place of the one that is there. */
  async #replace(image: TreeImage): Promise<void> {
    const { vfs } = this.#to;
    const { operation } = this.#work;
    const place = pathBelow(this.#to, image.path);
    await this.#clearOld(image.path);
    if (!await this.#isCopied(image)) await this.#copy(image, image.path + NEW);
    await vfs.rename(place, place + OLD, operation);
    try {
      await vfs.rename(place + NEW, place, operation);
    } catch (error) {
      await vfs.rename(place + OLD, place, { context: operation.context }).catch(() => {});
      throw error;
    }
    await vfs.remove(place + OLD, operation);
  }

  /** Returns whether an interrupted run has left the whole copy that was to take an image's place. */
  async #isCopied(image: TreeImage): Promise<boolean> {
    const left = this.#present.get(image.path + NEW);
    if (!this.#options.replace || left === undefined) return false;
    if (left.error !== undefined) throw left.error;
    const { result, reason } = await this.#compare(image, left);
    if (result === "same") return true;
    const place = pathBelow(this.#to, left.path);
    throw new Invalid(
      `${place} is in the way and is not the image (${reason}): look at it and remove it`,
    );
  }

  /** Gives the copy that an interrupted run has left the name that it was made for. */
  async #finishReplacing(image: TreeImage): Promise<boolean> {
    if (!await this.#isCopied(image)) return false;
    const place = pathBelow(this.#to, image.path);
    await this.#to.vfs.rename(place + NEW, place, this.#work.operation);
    return true;
  }

  /** Deletes a second copy of an image that an interrupted run was about to rename. */
  async #clearOld(path: string): Promise<void> {
    const old = this.#present.get(path + OLD);
    if (old === undefined) return;
    const { result } = await compareImages(
      { root: this.#to, image: this.#present.get(path)! },
      { root: this.#to, image: old },
      { computes: true, byDate: false },
      this.#work,
    );
    if (result === "same") return await this.#remove(old);
    throw new Invalid(`${pathBelow(this.#to, old.path)} is in the way: look at it and remove it`);
  }

  /**
   * Deletes what an interrupted run has left of an image that is in its place now: the one that was
   * replaced, and a second copy.
   */
  async #removeLeft(image: TreeImage): Promise<void> {
    if (!this.#options.replace) return;
    const old = this.#present.get(image.path + OLD);
    if (old !== undefined) await this.#remove(old);
    const left = this.#present.get(image.path + NEW);
    if (left === undefined || !this.#present.has(image.path)) return;
    if ((await this.#compare(image, left)).result === "same") await this.#remove(left);
  }

  async #remove({ path }: TreeImage): Promise<void> {
    try {
      await this.#to.vfs.remove(pathBelow(this.#to, path), this.#work.operation);
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
    }
  }
}
