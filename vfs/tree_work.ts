/**
 * What all operations on trees share: options, outcomes, progress, and the pool that they run in.
 *
 * @module
 */
import { BitMasks } from "../capabilities/mod.ts";
import { Invalid, isAbort, NotFound, StoreResumeNotSupported } from "../errors/mod.ts";
import type {
  GetOptions,
  GetResult,
  MoveResult,
  OperationOptions,
  SkippedEntry,
} from "../store/mod.ts";
import type { ChunkObserver } from "../streams/mod.ts";
import { orderedMap } from "./ordered_map.ts";
import type { ImagePlace } from "./copy.ts";
import type { FileInfo } from "./file_info.ts";
import { joinPath, parsePath } from "./path.ts";
import { RateLimit } from "./rate_limit.ts";
import type { WalkEntry, WalkOptions } from "./walk.ts";

/** An image of a tree that is being transferred. */
export interface TreeTransfer {
  /** Its path from the root of the tree. */
  path: string;
  /** Its size in bytes, where known. */
  size: number | undefined;
  /** The number of bytes so far. */
  bytes: number;
  /** The number of seconds so far. */
  seconds: number;
}

/** How far an operation on a tree is. */
export interface TreeProgress {
  /** The number of images that are done. */
  images: number;
  /** The number of images that have been listed. It grows until `isListed`. */
  totalImages: number;
  /** The number of bytes that have been transferred. */
  bytes: number;
  /** The sum of the sizes of the images that have been listed, as far as they are known, in bytes. */
  totalBytes: number;
  /** Whether all images have been listed. */
  isListed: boolean;
  /** The images that are being transferred, those that began first before the others. */
  running: readonly TreeTransfer[];
}

/** What became of one image of a tree. */
export interface TreeOutcome extends MoveResult {
  /** Its path from the root of the tree, without a slash before it; empty if the root is an image. */
  path: string;
  /** What became of it; `failed` with `error`. */
  state: TreeState;
  /** Its size in bytes, where known. */
  size?: number | undefined;
  /** Why it failed or differs; where several targets failed, the first reason. */
  error?: unknown;
  /** What became of it in each target, where it was copied to several. */
  targets?: readonly TreeTarget[];
}

/** What became of an image in one of several targets. */
export interface TreeTarget extends MoveResult {
  /** The path of the copy. */
  path: string;
  /** Why there is none. `undefined` if there is one. */
  error?: unknown;
}

/** What became of an image of a tree. */
export type TreeState =
  | "copied"
  | "moved"
  | "removed"
  | "verified"
  | "replaced"
  | "same"
  | "differs"
  | "missing"
  | "extra"
  | "unknown"
  | "failed";

/** How many images of a tree became what. */
export interface TreeSummary {
  /** The number of images, those that failed included. */
  images: number;
  /** The number of bytes that were transferred. */
  bytes: number;
  /** The number of images by what became of them. */
  states: Partial<Record<TreeState, number>>;
}

/** Options of operations on trees. */
export interface TreeOptions extends OperationOptions {
  /** How many images are in work at the same time. Default: 8. */
  concurrency?: number | undefined;
  /** The most bytes a second that all transfers take together. Default: no limit. */
  bytesPerSecond?: number | undefined;
  /** Called when an image has been listed, has moved on or is done. */
  onProgress?: ((progress: TreeProgress) => void) | undefined;
  /**
   * Called with what became of each image, in the order of the listing, failures included. Default: once
   * all the others are done, the first error is thrown.
   */
  onImage?: ((outcome: TreeOutcome) => void | Promise<void>) | undefined;
}

/** The path tree as operations on many images need it. `Vfs` is one. */
export interface TreeAccess {
  /**
   * Returns the store and the image id that a path names.
   *
   * @param path The path of the image.
   * @returns The store and the id, whether the image exists or not.
   */
  imageAt(path: string): ImagePlace;
  /**
   * Reads what is known of an image or a directory.
   *
   * @param path The path of either.
   * @param options The caller, and an abort signal.
   * @returns Size in bytes, date, ETag and digests, as far as they are known.
   */
  stat(path: string, options?: OperationOptions): Promise<FileInfo>;
  /**
   * Yields a path and everything below it.
   *
   * @param path The path of a directory or of an image.
   * @param options What is left out, and what to call with names that are passed over.
   * @returns The entries, each directory before what it holds.
   */
  walk(path: string, options?: WalkOptions): AsyncGenerator<WalkEntry>;
  /**
   * Opens an image for reading.
   *
   * @param path The path of the image.
   * @param options The range, digests to verify, the caller and an abort signal.
   * @returns The bytes, and what opening the image says about it.
   */
  get(path: string, options?: GetOptions): Promise<GetResult>;
  /**
   * Removes an image.
   *
   * @param path The path of the image.
   * @param options The caller, and an abort signal.
   */
  remove(path: string, options?: OperationOptions): Promise<void>;
  /**
   * Moves an image.
   *
   * @param from Where the image is.
   * @param to Where it will be. There must be no image yet.
   * @param options The caller, and an abort signal.
   * @returns What its new store could not keep.
   */
  rename(from: string, to: string, options?: OperationOptions): Promise<MoveResult>;
}

/** A directory of a tree. */
export interface TreeRoot {
  /** The tree. */
  vfs: TreeAccess;
  /** The path of the directory, or of an image. */
  path: string;
}

/** An image of a tree, or what could not be listed and why. */
export interface TreeImage {
  /** Its path from the root of the tree. */
  path: string;
  /** Its size in bytes, where the listing has it. */
  size?: number | undefined;
  /** When it was last changed; `null` where the listing does not have it. */
  mtime: Date | null;
  /** Its entity tag, quotes included, where the listing has it. */
  etag?: string | undefined;
  /** Why it could not be listed. */
  error?: unknown;
}

/**
 * Lists the images of a tree, and what cannot be listed.
 *
 * @param root The directory, or one image.
 * @param options The caller, and an abort signal.
 * @returns The images with their paths from the root.
 * @throws {NotFound} If there is nothing at the root.
 */
export async function* imagesBelow(
  { vfs, path }: TreeRoot,
  { signal, context }: OperationOptions,
): AsyncGenerator<TreeImage> {
  const base = joinPath(parsePath(path).segments);
  const length = base === "/" ? 1 : base.length + 1;
  const skipped: TreeImage[] = [];
  const onSkipped = ({ path, reason }: SkippedEntry) => {
    skipped.push({ path: path.slice(length), mtime: null, error: reason });
  };
  const options = { signal, context, onSkipped, includeDirs: false };
  for await (const { path, size, mtime, etag } of vfs.walk(base, options)) {
    yield* skipped.splice(0);
    yield { path: path.slice(length), size, mtime, etag };
  }
  yield* skipped;
}

/**
 * Returns the path of an image of a tree.
 *
 * @param root The directory, or one image.
 * @param path The path of the image from there; empty for the root itself.
 * @returns The path.
 */
export function pathBelow({ path: root }: TreeRoot, path: string): string {
  return path === "" ? root : `${root.replace(/\/$/, "")}/${path}`;
}

/**
 * Checks that two directories have no image in common.
 *
 * @param from The directory that is copied.
 * @param to The directory that is written.
 * @throws {Invalid} If they are the same, or one is inside the other.
 */
export function checkApart(from: TreeRoot, to: TreeRoot): void {
  const [a, b] = [from, to].map(({ path }) => `${joinPath(parsePath(path).segments)}/`);
  if (from.vfs === to.vfs && (a!.startsWith(b!) || b!.startsWith(a!))) {
    throw new Invalid(`${from.path} and ${to.path} are the same tree, or one is in the other`);
  }
}

/**
 * Checks that adds to a tree can be resumed, before anything is read. In a tree of several stores, each add
 * is checked by itself.
 *
 * @param root The directory that is written.
 * @throws {StoreResumeNotSupported} If its store cannot resume adds.
 */
export function checkResume(root: TreeRoot): void {
  if (parsePath(root.path).segments.length === 0) return;
  const { store } = root.vfs.imageAt(pathBelow(root, "image"));
  if (store.isCapable(BitMasks.RESUME)) return;
  throw new StoreResumeNotSupported("the store does not support it", {
    store: store.name,
    operation: "resume",
    path: root.path,
  });
}

/** Runs the work on each image of a tree: bounded, counted, and one failure does not end the rest. */
export class TreeWork {
  readonly #options: TreeOptions;
  readonly #limit: RateLimit | undefined;
  readonly #progress: Omit<TreeProgress, "running"> = {
    images: 0,
    totalImages: 0,
    bytes: 0,
    totalBytes: 0,
    isListed: false,
  };
  /** The transfers under way by their paths, each with the time when it began. */
  readonly #running = new Map<string, Omit<TreeTransfer, "seconds"> & { started: number }>();
  readonly #states: TreeSummary["states"] = {};
  #failure: { error: unknown } | undefined;

  /** The options that every operation on an image takes. */
  readonly operation: OperationOptions;
  /** Counts the bytes of transfers, and holds them to the rate. */
  readonly verifier: ChunkObserver = {
    update: ({ length }, moved = length) => {
      this.#progress.bytes += length;
      this.#report();
      return this.#limit?.pass(moved, this.#options.signal);
    },
  };

  /**
   * Starts with nothing done.
   *
   * @param options The options of the operation.
   * @throws {Invalid} If they are out of range.
   */
  constructor(options: TreeOptions) {
    const { concurrency = 8, bytesPerSecond, signal, context } = options;
    if (!(Number.isInteger(concurrency) && concurrency > 0)) {
      throw new Invalid(`concurrency is ${concurrency}, allowed is a whole number above 0`);
    }
    if (bytesPerSecond !== undefined && !(bytesPerSecond > 0)) {
      throw new Invalid(`bytesPerSecond is ${bytesPerSecond}, allowed is a number above 0`);
    }
    this.#options = options;
    this.#limit = bytesPerSecond === undefined ? undefined : new RateLimit(bytesPerSecond);
    this.operation = { signal, context };
  }

  /** The number of images that failed, so far. */
  get failures(): number {
    return this.#states.failed ?? 0;
  }

  /**
   * Returns what sees the bytes of an image's transfer, which is among those under way from then on.
   *
   * @param image The image.
   * @returns Counts the bytes, also for all transfers together, and holds them to the rate.
   */
  verifierOf({ path, size }: { path: string; size?: number | undefined }): ChunkObserver {
    const transfer = { path, size, bytes: 0, started: performance.now() };
    this.#running.set(path, transfer);
    return {
      update: (chunk, moved) => {
        transfer.bytes += chunk.length;
        return this.verifier.update(chunk, moved);
      },
    };
  }

  /**
   * Does the work on all images.
   *
   * @typeParam T The images.
   * @param images The images, and what could not be listed.
   * @param work Does the work on one and returns what became of it.
   * @returns Resolves when all are done.
   */
  async run<T extends { path: string; size?: number | undefined; error?: unknown }>(
    images: Iterable<T> | AsyncIterable<T>,
    work: (image: T) => Promise<TreeOutcome>,
  ): Promise<void> {
    const { concurrency = 8, onImage, signal } = this.#options;
    const progress = this.#progress;
    const counted = async function* (this: TreeWork) {
      for await (const image of images) {
        progress.totalImages++;
        progress.totalBytes += image.size ?? 0;
        this.#report();
        yield image;
      }
      progress.isListed = true;
      this.#report();
    }.call(this);
    const outcomes = orderedMap(counted, concurrency, async (image): Promise<TreeOutcome> => {
      try {
        signal?.throwIfAborted();
        if (image.error !== undefined) throw image.error;
        return await work(image);
      } catch (error) {
        if (signal?.aborted || isAbort(error, signal)) throw error;
        return { path: image.path, size: image.size, state: "failed", error };
      } finally {
        progress.images++;
        this.#running.delete(image.path);
        this.#report();
      }
    });
    for await (const outcome of outcomes) {
      this.#states[outcome.state] = (this.#states[outcome.state] ?? 0) + 1;
      if (onImage) await onImage(outcome);
      else if (outcome.state === "failed") this.#failure ??= { error: outcome.error };
    }
  }

  /**
   * Ends the operation.
   *
   * @returns How many images became what.
   * @throws {unknown} The first error, if nobody was called with it.
   */
  finish(): TreeSummary {
    if (this.#failure) throw this.#failure.error;
    const images = Object.values(this.#states).reduce((sum, count) => sum + count, 0);
    return { images, bytes: this.#progress.bytes, states: this.#states };
  }

  #report(): void {
    const { onProgress } = this.#options;
    if (!onProgress) return;
    const now = performance.now();
    const running = [...this.#running.values()].map(({ started, ...transfer }) => {
      return { ...transfer, seconds: (now - started) / 1000 };
    });
    onProgress({ ...this.#progress, running });
  }
}

/**
 * Lists the images of a tree that may not be there.
 *
 * @param root The directory.
 * @param options The caller, and an abort signal.
 * @returns The images by their paths from the root, and what could not be listed.
 */
export async function knownImages(
  root: TreeRoot,
  options: OperationOptions,
): Promise<Map<string, TreeImage>> {
  const images = new Map<string, TreeImage>();
  try {
    for await (const image of imagesBelow(root, options)) images.set(image.path, image);
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
  }
  return images;
}
