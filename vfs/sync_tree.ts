/**
 * Making one tree like another.
 *
 * @module
 */
import { Invalid, NotFound } from "../errors/mod.ts";
import type { MoveResult } from "../store/mod.ts";
import { type ComparedImage, compareImages } from "./compare.ts";
import { copyImage } from "./copy.ts";
import { copyBetween, type CopyTreeOptions } from "./copy_tree.ts";
import { checkTreeOptions } from "./errors.ts";
import { withinMemory } from "./memory_budget.ts";
import {
  checkApart,
  checkResume,
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

/**
 * What the name of an image ends with whose place another is taking. After it comes the beginning of its
 * digest, where one is known, which is the proof that an image of this name is the one that was replaced.
 */
const OLD = ".vitrine-sync-old";

/** The name of an image whose place another was taking: the name that it had, and its digest. */
const OLD_NAME = /^(.+)\.vitrine-sync-old(?:-([0-9a-f]{16}))?$/s;

/**
 * Makes a tree like another. Nothing is overwritten and nothing deleted by default.
 *
 * With `replace`, the copy is added beside the image, with `.vitrine-sync-new` at the end of its name; then
 * the image is renamed to end in `.vitrine-sync-old` and the beginning of its digest, the copy takes its
 * name, and the old image is deleted. Between the two renames there is no image of the name. The next run
 * finishes what was interrupted there. It deletes an old image only if it has the digest that its name says,
 * and reports any other.
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
  await checkTreeOptions("syncTree", `${from.path} to ${to.path}`, options);
  checkApart(from, to);
  if (options.resume) checkResume(to);
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
      yield image;
    }
  };
  const sync = new ImageSync(from, to, { present, unseen }, options, work);
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

/** The images of the target. */
interface TargetImages {
  /** Those that were there when the run began. */
  present: ReadonlyMap<string, TreeImage>;
  /** Those that the source lacks, as far as it has been listed. */
  unseen: Map<string, TreeImage>;
}

/** Makes one image after the other like that of the source. */
class ImageSync {
  readonly #from: TreeRoot;
  readonly #to: TreeRoot;
  readonly #present: ReadonlyMap<string, TreeImage>;
  readonly #unseen: Map<string, TreeImage>;
  /** What interrupted runs have left of images that were replaced, by the names that those had. */
  readonly #old = new Map<string, TreeImage[]>();
  readonly #options: SyncTreeOptions;
  readonly #work: TreeWork;

  constructor(
    from: TreeRoot,
    to: TreeRoot,
    { present, unseen }: TargetImages,
    options: SyncTreeOptions,
    work: TreeWork,
  ) {
    this.#from = from;
    this.#to = to;
    this.#present = present;
    this.#unseen = unseen;
    this.#options = options;
    this.#work = work;
    for (const image of present.values()) {
      const name = OLD_NAME.exec(image.path)?.[1];
      if (name === undefined) continue;
      const images = this.#old.get(name);
      if (images) images.push(image);
      else this.#old.set(name, [image]);
    }
  }

  /** Copies or replaces an image, or leaves it as it is. */
  async run(image: TreeImage): Promise<TreeOutcome> {
    const { path, size } = image;
    const { replace, dryRun } = this.#options;
    if (replace && (path.endsWith(NEW) || OLD_NAME.test(path))) {
      throw new Invalid(`${pathBelow(this.#from, path)}: sync itself uses names with this ending`);
    }
    const there = this.#present.get(path);
    if (there === undefined) {
      let result: MoveResult = {};
      if (!dryRun) {
        if (!await this.#finishReplacing(image)) result = await this.#copy(image, path);
        await this.#removeLeft(image);
      }
      return { path, size, state: "copied", notKept: result.notKept };
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
    const { notKept } = dryRun ? {} : await this.#replace(image);
    if (!dryRun) await this.#removeLeft(image);
    return { path, size, state: "replaced", notKept };
  }

  #compare(image: TreeImage, there: TreeImage) {
    const from: ComparedImage = { root: this.#from, image };
    const to: ComparedImage = { root: this.#to, image: there };
    const compare = { computes: this.#options.checksum ?? false, byDate: true };
    return compareImages(from, to, compare, this.#work);
  }

  async #copy({ path, size }: TreeImage, targetPath: string): Promise<MoveResult> {
    const { verify, accept, resume } = this.#options;
    const verifier = this.#work.verifierOf({ path, size });
    const options = { verify, accept, resume, verifier, ...this.#work.operation };
    return await copyBetween(this.#from, this.#to, path, (source, { store }) => {
      const target = this.#to.vfs.imageAt(pathBelow(this.#to, targetPath));
      return withinMemory(size, () => {
        return copyImage(source, { store, imageId: target.imageId }, options);
      });
    });
  }

  /** Puts the source's image in the place of the one that is there. */
  async #replace(image: TreeImage): Promise<MoveResult> {
    const { vfs } = this.#to;
    const { operation } = this.#work;
    const place = pathBelow(this.#to, image.path);
    const digest = await this.#digestAt(place);
    const oldPath = image.path + OLD + (digest === undefined ? "" : `-${digest}`);
    const old = pathBelow(this.#to, oldPath);
    const second = this.#present.get(oldPath);
    if (second !== undefined) {
      // A rename that copies and then deletes may have been interrupted between the two.
      if (!await this.#isProved(second)) throw inTheWay(old);
      await this.#remove(second);
    }
    const isCopied = await this.#isCopied(image);
    const result = isCopied ? {} : await this.#copy(image, image.path + NEW);
    await vfs.rename(place, old, operation);
    try {
      await vfs.rename(place + NEW, place, operation);
    } catch (error) {
      await vfs.rename(old, place, { context: operation.context }).catch(() => {});
      throw error;
    }
    this.#unseen.delete(image.path + NEW);
    await vfs.remove(old, operation);
    return result;
  }

  /** Returns whether an interrupted run has left the whole copy that was to take an image's place. */
  async #isCopied(image: TreeImage): Promise<boolean> {
    const left = this.#present.get(image.path + NEW);
    if (!this.#options.replace || left === undefined) return false;
    if (left.error !== undefined) throw left.error;
    const { result, reason } = await this.#compare(image, left);
    if (result === "same") return true;
    throw inTheWay(pathBelow(this.#to, left.path), `is not the image (${reason})`);
  }

  /** Gives the copy that an interrupted run has left the name that it was made for. */
  async #finishReplacing(image: TreeImage): Promise<boolean> {
    if (!await this.#isCopied(image)) return false;
    const place = pathBelow(this.#to, image.path);
    await this.#to.vfs.rename(place + NEW, place, this.#work.operation);
    this.#unseen.delete(image.path + NEW);
    return true;
  }

  /**
   * Deletes what an interrupted run has left of an image that is in its place now: the one that was
   * replaced, and a second copy.
   *
   * @throws {Invalid} If an image only has the name of one that was replaced, and nothing asks for it to be
   * deleted.
   */
  async #removeLeft(image: TreeImage): Promise<void> {
    if (!this.#options.replace) return;
    const left = this.#present.get(image.path + NEW);
    if (left !== undefined && this.#unseen.has(left.path) && this.#present.has(image.path)) {
      if ((await this.#compare(image, left)).result === "same") await this.#remove(left);
    }
    for (const old of this.#old.get(image.path) ?? []) {
      if (!this.#unseen.has(old.path)) continue;
      if (await this.#isProved(old)) await this.#remove(old);
      else if (!this.#options.delete) {
        throw inTheWay(pathBelow(this.#to, old.path), "may be what was replaced, or may not");
      }
    }
  }

  /** Returns whether an image is the one that was replaced: it has the digest that its name says. */
  async #isProved({ path, error }: TreeImage): Promise<boolean> {
    const digest = OLD_NAME.exec(path)?.[2];
    if (digest === undefined || error !== undefined) return false;
    return await this.#digestAt(pathBelow(this.#to, path)) === digest;
  }

  /** Returns the beginning of the digest that the target's store holds of an image. */
  async #digestAt(path: string): Promise<string | undefined> {
    const { multihash, checksum } = await this.#to.vfs.stat(path, this.#work.operation);
    return (multihash?.value ?? checksum)?.toLowerCase().slice(0, 16);
  }

  async #remove({ path }: TreeImage): Promise<void> {
    this.#unseen.delete(path);
    try {
      await this.#to.vfs.remove(pathBelow(this.#to, path), this.#work.operation);
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
    }
  }
}

/** Returns the error of an image that only has a name that sync uses. */
function inTheWay(path: string, reason?: string): Invalid {
  const why = reason === undefined ? "" : ` and ${reason}`;
  return new Invalid(`${path} is in the way${why}: look at it and remove it`);
}
