/**
 * Images that are open for reading, each once for those who read it at the same time.
 *
 * @module
 */
import type { Datadirs } from "./datadirs.ts";
import { type ImageFile, openImage } from "./image.ts";
import type { Io, OpenFile } from "./io.ts";

/** How long what was seen of a file is good for those who come after, in milliseconds. */
const FRESH = 100;

type OpenImage = ImageFile & { file: OpenFile };

interface Shared {
  opening: Promise<OpenImage>;
  /** When that began, on the clock of `performance.now`. */
  began: number;
  /** How many use it. */
  users: number;
}

/**
 * The images of a store that are open. To open and judge a path takes six calls of the file system,
 * which many small reads of one image would do nothing but repeat.
 */
export class OpenImages {
  readonly #datadirs: Datadirs;
  #shared = new Map<string, Shared>();

  /** Nothing is open yet. */
  constructor(datadirs: Datadirs) {
    this.#datadirs = datadirs;
  }

  /** Opens an image, or shares it with who opened it a moment ago. Throws as `openImage`. */
  async open(io: Io, path: string): Promise<OpenImage> {
    const images = this.#shared;
    const shared = this.#find(path) ??
      // An abort of one of the users is nothing to the others.
      {
        opening: openImage(io.unaborted, this.#datadirs, path),
        began: performance.now(),
        users: 0,
      };
    images.set(path, shared);
    shared.users++;
    const release = async () => {
      if (--shared.users > 0) return;
      if (images.get(path) === shared) images.delete(path);
      await (await shared.opening).file.close();
    };
    try {
      const { file, ...found } = await io.wait(shared.opening);
      return { ...found, file: file.for(io, release) };
    } catch (error) {
      release().catch(() => {});
      throw error;
    }
  }

  #find(path: string): Shared | undefined {
    const shared = this.#shared.get(path);
    return shared && performance.now() - shared.began < FRESH ? shared : undefined;
  }

  /** Opens anew whatever is asked for from now on: a name was made or removed. */
  forget(): void {
    // What is being opened at this moment goes where nobody looks any more.
    this.#shared = new Map();
  }
}
