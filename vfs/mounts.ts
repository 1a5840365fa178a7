/**
 * The mount points of a tree: which directory of which store is where.
 *
 * @module
 */
import { BadStoreConfiguration } from "../errors/mod.ts";
import { joinPath, parsePath } from "./path.ts";

/** A place in a store. */
export interface StorePlace {
  /** Name of the store. */
  store: string;
  /** The image id, or the path of a directory; empty for the store's root. */
  path: string;
}

/**
 * The mount points of a tree: every store under its name, and the mounts of the configuration. The
 * longest one that a path begins with decides, and hides what a shorter one has there.
 */
export class Mounts {
  readonly #points = new Map<string, StorePlace>();
  /** The directories above mount points. */
  readonly #above = new Set<string>();
  /** The number of names in the longest mount point. */
  #deepest = 0;

  /**
   * Creates the mount points.
   *
   * @param stores The names of the stores.
   * @param mounts Directories of the tree, each with the store, or the directory of a store, that it
   * shows.
   * @throws {BadStoreConfiguration} If a mount names no store, or a place that is taken.
   */
  constructor(stores: readonly string[], mounts: Readonly<Record<string, string>>) {
    for (const name of stores) this.#points.set(name, { store: name, path: "" });
    for (const [path, target] of Object.entries(mounts)) {
      try {
        const key = parsePath(path).segments.join("/");
        const [store, ...directory] = parsePath(target).segments;
        if (store === undefined || !stores.includes(store)) {
          throw new BadStoreConfiguration(`there is no store "${store ?? ""}"`);
        }
        if (this.#points.has(key)) throw new BadStoreConfiguration("something is mounted there");
        this.#points.set(key, { store, path: directory.join("/") });
      } catch (error) {
        throw new BadStoreConfiguration(
          `the mount of "${target}" at "${path}": ${(error as Error).message}`,
          { cause: error },
        );
      }
    }
    for (const key of this.#points.keys()) {
      const segments = key.split("/");
      this.#deepest = Math.max(this.#deepest, segments.length);
      while (segments.pop() !== undefined) this.#above.add(segments.join("/"));
    }
  }

  /**
   * Finds where in a store a path leads.
   *
   * @param segments The names of the path, from the root down.
   * @returns The place, or `undefined` above and beside all mount points.
   */
  find(segments: readonly string[]): StorePlace | undefined {
    for (let depth = Math.min(segments.length, this.#deepest); depth >= 0; depth--) {
      const point = this.#points.get(segments.slice(0, depth).join("/"));
      if (point === undefined) continue;
      const path = [point.path, ...segments.slice(depth)].filter(Boolean).join("/");
      return { store: point.store, path };
    }
    return undefined;
  }

  /**
   * Returns whether a path is a mount point, or a directory above one.
   *
   * @param segments The names of the path, from the root down.
   * @returns Whether it is one. The root always is.
   */
  isFixed(segments: readonly string[]): boolean {
    if (segments.length > this.#deepest) return false;
    const key = segments.join("/");
    return key === "" || this.#points.has(key) || this.#above.has(key);
  }

  /**
   * Returns the names that a directory has because of mount points in it or further down.
   *
   * @param segments The names of the directory's path, from the root down.
   * @returns The names, each once.
   */
  below(segments: readonly string[]): string[] {
    const prefix = segments.map((segment) => `${segment}/`).join("");
    const names = new Set<string>();
    for (const key of this.#points.keys()) {
      if (key !== "" && key.startsWith(prefix)) {
        names.add(key.slice(prefix.length).split("/", 1)[0]!);
      }
    }
    return [...names];
  }

  /**
   * Returns the path that leads to a place: the one below the store's name if no mount hides it.
   *
   * @param place The place in a store.
   * @returns The path, or `undefined` if the tree does not show the place.
   */
  pathOf(place: StorePlace): string | undefined {
    for (const [key, { store, path }] of this.#points) {
      const prefix = path === "" ? "" : `${path}/`;
      if (store !== place.store || !place.path.startsWith(prefix)) continue;
      const segments = [...key.split("/"), ...place.path.slice(prefix.length).split("/")]
        .filter(Boolean);
      const found = this.find(segments);
      if (found?.store === place.store && found.path === place.path) return joinPath(segments);
    }
    return undefined;
  }
}
