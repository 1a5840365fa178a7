/**
 * The directories that hold the images: which one an image goes to, where it is, and that no path
 * leaves them.
 *
 * @module
 */
import {
  BackendException,
  BadStoreConfiguration,
  Forbidden,
  StorageFull,
} from "../../errors/mod.ts";
import { codeOf, NOWHERE, unless } from "./errors.ts";
import type { Io } from "./io.ts";
import { isFileId, unprintable } from "./location.ts";
import type { FileOptions } from "./options.ts";
import { dirname, lstat, realpath, resolve, stat, statfs } from "./system.ts";

/** Where glance_store has its images by default. */
const DEFAULT_DATADIR = "/var/lib/glance/images";

/** How long the path of a datadir without symbolic links counts, in milliseconds. */
const FRESH = 100;

/** A path without symbolic links, and the datadir that it is in. */
export interface RealPath {
  /** The path. */
  path: string;
  /** The datadir's own path without symbolic links. */
  datadir: string;
  /** The path from there on, `""` for the datadir itself. */
  imageId: string;
}

/** The datadirs of a store, the first to be used first. */
export class Datadirs {
  /** Their absolute paths by falling priority; those of equal priority as configured. */
  readonly paths: readonly string[];
  readonly #priorities: ReadonlyMap<string, number>;
  /** The paths without symbolic links that the datadirs had a moment ago. */
  readonly #followed = new Map<string, { path: string; at: number }>();

  /** Reads the options; throws `BadStoreConfiguration`. */
  constructor({ datadir, datadirs = [] }: FileOptions) {
    if (datadir && datadirs.length > 0) {
      throw new BadStoreConfiguration('"datadir" and "datadirs" are both given, allowed is one');
    }
    if (datadir === "" && datadirs.length === 0) {
      throw new BadStoreConfiguration('"datadir" is empty, and there are no "datadirs"');
    }
    const priorities = new Map<string, number>();
    const entries = datadirs.length > 0
      ? datadirs.map(parseDatadir)
      : [[resolve(datadir || DEFAULT_DATADIR), 0] as const];
    for (const [path, priority] of entries) {
      const why = unprintable(path);
      if (why) {
        throw new BadStoreConfiguration(`${JSON.stringify(path)} cannot be a datadir: ${why}`);
      }
      if (priorities.has(path) && priorities.get(path) !== priority) {
        throw new BadStoreConfiguration(`the datadir ${path} is given with two priorities`);
      }
      priorities.set(path, priority);
    }
    this.paths = [...priorities.keys()].sort((a, b) => priorities.get(b)! - priorities.get(a)!);
    this.#priorities = priorities;
    refuseNested(this.paths);
  }

  /** Returns the path that an image has, or would have, in a datadir. */
  pathIn(datadir: string, imageId: string): string {
    return datadir === "/" ? `/${imageId}` : `${datadir}/${imageId}`;
  }

  /** Returns the datadir that a path is in, and its image id, or `undefined` where it is in none. */
  place(path: string): { datadir: string; imageId: string } | undefined {
    // What `..` means depends on symbolic links, so that a path with it is nobody's.
    const plain = path.split("/").filter((segment) => segment !== "" && segment !== ".");
    if (plain.includes("..")) return undefined;
    for (const datadir of this.paths) {
      const imageId = below(datadir, `/${plain.join("/")}`);
      if (imageId !== undefined) return isFileId(imageId) ? { datadir, imageId } : undefined;
    }
    return undefined;
  }

  /** Returns the paths that an image can have, the first to be looked at first. */
  pathsOf(imageId: string): string[] {
    return this.paths.map((datadir) => this.pathIn(datadir, imageId));
  }

  /**
   * Returns the datadir for an image of `size` bytes: the highest priority that has room, then most room, as
   * glance_store chooses. Throws `StorageFull`.
   */
  async choose(io: Io, size = 0): Promise<string> {
    if (this.paths.length === 1) return this.paths[0]!;
    let best: { path: string; free: number; priority: number } | undefined;
    for (const path of this.paths) {
      const priority = this.#priorities.get(path)!;
      if (best !== undefined && priority < best.priority) break;
      const { bavail, bsize } = await io.wait(statfs(path));
      const free = bavail * bsize;
      if (free >= size && free > (best?.free ?? 0)) best = { path, free, priority };
    }
    if (best === undefined) throw new StorageFull(`no datadir has room for ${size} bytes`);
    return best.path;
  }

  /**
   * Returns how much space is taken and free in the file systems of the datadirs, each of which counts
   * once. A datadir that does not exist yet counts as its nearest parent that does.
   */
  async usage(io: Io): Promise<{ used: number; free: number }> {
    const usage = { used: 0, free: 0 };
    const counted = new Set<number>();
    for (const path of this.paths) {
      const existing = await nearestExisting(io, path);
      const { dev } = await io.wait(stat(existing));
      if (counted.has(dev)) continue;
      counted.add(dev);
      const { blocks, bfree, bavail, bsize } = await io.wait(statfs(existing));
      usage.used += (blocks - bfree) * bsize;
      usage.free += bavail * bsize;
    }
    return usage;
  }

  /**
   * Follows symbolic links.
   *
   * @throws {Forbidden} If they lead out of all datadirs.
   */
  async real(io: Io, path: string): Promise<RealPath> {
    return await this.inside(io, await io.wait(realpath(path)));
  }

  /**
   * Finds the datadir that a path without symbolic links is in.
   *
   * @throws {Forbidden} If it is in none.
   */
  async inside(io: Io, path: string): Promise<RealPath> {
    for (const one of this.paths) {
      const followed = this.#followed.get(one);
      if (!followed || performance.now() - followed.at > FRESH) continue;
      const found = placeIn(followed.path, path);
      if (found) return found;
    }
    for (const one of this.paths) {
      const datadir = await unless(UNREACHABLE, io.wait(realpath(one)));
      if (datadir === undefined) continue;
      this.#followed.set(one, { path: datadir, at: performance.now() });
      const found = placeIn(datadir, path);
      if (found) return found;
    }
    throw new Forbidden("a symbolic link leads out of the datadir");
  }

  /**
   * Checks that every datadir is there: without one, no image is known to be missing.
   *
   * @throws {BackendException} If a datadir is missing.
   */
  async requireAll(io: Io): Promise<void> {
    for (const path of this.paths) {
      if (await unless(NOWHERE, io.wait(lstat(path))) === undefined) throw missing(path);
    }
  }
}

async function nearestExisting(io: Io, path: string): Promise<string> {
  const found = await unless(["ENOENT"], io.wait(stat(path)));
  return found || dirname(path) === path ? path : await nearestExisting(io, dirname(path));
}

/** Creates the error of a datadir that is not there. */
export function missing(datadir: string): BackendException {
  return new BackendException(`the datadir ${datadir} is missing`);
}

/** The codes of a datadir whose images cannot be reached, which hides no image of another. */
const UNREACHABLE = [...NOWHERE, "EACCES", "EPERM", "EIO", "ESTALE", "ENOTCONN"];

/**
 * Finds the path of a file among those that an image can have, or else returns the first.
 *
 * @throws {Error} What the first path failed with that cannot be looked at, if no other has the file.
 */
export async function firstFile(io: Io, paths: readonly string[]): Promise<string> {
  let failure: { error: unknown } | undefined;
  for (const path of paths) {
    try {
      if ((await unless(NOWHERE, io.wait(stat(path))))?.isFile()) return path;
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      failure ??= { error };
    }
  }
  if (failure) throw failure.error;
  return paths[0]!;
}

/** Where a path without symbolic links is in a datadir of such a path, if it is in it. */
function placeIn(datadir: string, path: string): RealPath | undefined {
  if (path === datadir) return { path, datadir, imageId: "" };
  const imageId = below(datadir, path);
  return imageId !== undefined && isFileId(imageId) ? { path, datadir, imageId } : undefined;
}

/** What follows the directory in a path, or `undefined` where the path is not below it. */
function below(directory: string, path: string): string | undefined {
  const prefix = directory === "/" ? "/" : `${directory}/`;
  return path.startsWith(prefix) && path !== prefix ? path.slice(prefix.length) : undefined;
}

/** Reads `path` or `path:priority`. */
function parseDatadir(text: string): readonly [string, number] {
  const colon = text.lastIndexOf(":");
  const path = (colon < 0 ? text : text.slice(0, colon)).trim();
  const priority = (colon < 0 ? "" : text.slice(colon + 1)).trim() || "0";
  if (path === "") throw new BadStoreConfiguration(`"datadirs" has an entry without a path`);
  if (!/^[+-]?\d+$/.test(priority)) {
    throw new BadStoreConfiguration(
      `the priority of the datadir ${path} is "${priority}", allowed is an integer`,
    );
  }
  return [resolve(path), Number(priority)];
}

/** Refuses a datadir in another, where one file would be two images. */
function refuseNested(paths: readonly string[]): void {
  for (const outer of paths) {
    const inner = paths.find((path) => below(outer, path) !== undefined);
    if (inner) throw new BadStoreConfiguration(`the datadir ${inner} lies in the datadir ${outer}`);
  }
}
