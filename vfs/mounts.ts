/**
 * Which directory of which store is where in the tree.
 *
 * @module
 */
import { BadStoreConfiguration } from "../errors/mod.ts";
import { joinPath, parsePath } from "./path.ts";

/** A place in a store: an image id, or a directory's path; empty for the store's root. */
export interface StorePlace {
  /** Name of the store. */
  store: string;
  /** The path in the store. */
  path: string;
}

/**
 * The mount points of a tree: every store under its name, and the mounts of the configuration. The
 * longest one that begins a path holds it, and hides what a shorter one has there.
 */
export class Mounts {
  readonly #points = new Map<string, StorePlace>();
  /** The directories on the way to mount points. */
  readonly #above = new Set<string>();
  /** How many names the longest mount point has. */
  #deepest = 0;

  /** Throws `BadStoreConfiguration`, which names the mount. */
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

  /** Where in a store a path leads, or `undefined` above all mount points and beside them. */
  find(segments: readonly string[]): StorePlace | undefined {
    for (let depth = Math.min(segments.length, this.#deepest); depth >= 0; depth--) {
      const point = this.#points.get(segments.slice(0, depth).join("/"));
      if (point === undefined) continue;
      const path = [point.path, ...segments.slice(depth)].filter(Boolean).join("/");
      return { store: point.store, path };
    }
    return undefined;
  }

  /** Whether a path is a mount point, the root or a directory on the way to a mount point. */
  isFixed(segments: readonly string[]): boolean {
    if (segments.length > this.#deepest) return false;
    const key = segments.join("/");
    return key === "" || this.#points.has(key) || this.#above.has(key);
  }

  /** The names that a directory has because mount points are there or further down, each once. */
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

  /** The path that leads to a place: the store's own unless a mount hides it. */
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
