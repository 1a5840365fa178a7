/**
 * The exports of a server: which images of the tree clients may name, and by what name.
 *
 * @module
 */
import { Invalid, NotFound } from "../../errors/mod.ts";
import type { Bytes } from "../../streams/mod.ts";
import { joinPath, parsePath } from "../../vfs/path.ts";
import type { WalkOptions } from "../../vfs/walk.ts";
import type { Vfs } from "../../vfs/vfs.ts";
import { PinnedImages, type PinnedUse } from "./pinned_images.ts";
import { MAX_NAME } from "./protocol.ts";

/** The most names that a client is sent. */
const MAX_NAMES = 1000;

/** An export that a client has chosen. */
export interface OpenExport extends PinnedUse {
  /** The name of the export: the path of the image without its first slash. */
  readonly name: string;
}

/** The images of a tree that are exported. */
export class Exports {
  readonly #vfs: Vfs;
  readonly #paths: readonly string[];
  readonly #pinned = new PinnedImages();

  /**
   * Exports images of a tree.
   *
   * @param vfs The tree.
   * @param paths The images, and directories with all images in them. None stands for the whole tree.
   * @throws {Invalid} If a path is not valid.
   */
  constructor(vfs: Vfs, paths: readonly string[]) {
    this.#vfs = vfs;
    this.#paths = paths.map((path) => joinPath(parsePath(path).segments));
  }

  /**
   * Opens an image. It stays the same image until it is released.
   *
   * @param name The name that the client sent. The empty name is the only image that was named.
   * @returns The image.
   * @throws {NotFound} If nothing of that name is exported.
   * @throws {Invalid} If the name is no path of the tree, or that of a directory.
   */
  async open(name: string): Promise<OpenExport> {
    const path = this.#pathOf(name);
    const use = await this.#pinned.use(path, () => {
      const { store, imageId } = this.#vfs.imageAt(path);
      return store.open(imageId);
    });
    return { ...use, name: path.slice(1) };
  }

  /**
   * Returns the name that stands for a name: that of the default export for the empty one.
   *
   * @param name The name that the client sent.
   * @returns The path of the image without its first slash.
   * @throws {NotFound} If nothing of that name is exported.
   * @throws {Invalid} If the name is no path of the tree.
   */
  nameOf(name: string): string {
    return this.#pathOf(name).slice(1);
  }

  /**
   * Lists the exports.
   *
   * @param onSkipped Called with the reason why something is left out.
   * @returns Up to 1,000 names, in UTF-8.
   */
  async list(onSkipped: (reason: Error) => void): Promise<Bytes[]> {
    const names: Bytes[] = [];
    const encoder = new TextEncoder();
    const options: WalkOptions = {
      includeDirs: false,
      onSkipped: ({ reason }) => onSkipped(reason),
    };
    for (const path of this.#paths.length > 0 ? this.#paths : ["/"]) {
      for await (const entry of this.#vfs.walk(path, options)) {
        if (names.length === MAX_NAMES) {
          onSkipped(
            new Error(`there are more than ${MAX_NAMES} images: the others are not listed`),
          );
          return names;
        }
        const name = encoder.encode(entry.path.slice(1));
        if (name.length <= MAX_NAME) names.push(name);
        else onSkipped(new Invalid(`a name has more than ${MAX_NAME} bytes`, { path: entry.path }));
      }
    }
    return names;
  }

  #pathOf(name: string): string {
    if (name === "") {
      const [path, ...others] = this.#paths;
      if (path === undefined || others.length > 0 || path === "/") {
        throw new NotFound("there is no default export");
      }
      return path;
    }
    const { segments, directory } = parsePath(name.startsWith("/") ? name : `/${name}`);
    const path = joinPath(segments);
    if (directory) throw new Invalid("it is a directory", { path });
    const isExported = this.#paths.length === 0 ||
      this.#paths.some((top) => top === "/" || path === top || path.startsWith(`${top}/`));
    if (!isExported) throw new NotFound("it is not exported", { path });
    return path;
  }
}
