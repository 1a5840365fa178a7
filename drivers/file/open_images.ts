/**
 * Images that are open for reading, each once for those who read it at the same time.
 *
 * @module
 */
import type { Datadirs } from "./datadirs.ts";
import { type ImageFile, openImage } from "./reader.ts";
import type { Io } from "./io.ts";
import type { OpenFile } from "./open_file.ts";
import { setImmediate } from "./system.ts";

/** How long what was seen of a file is good for those who come after, in milliseconds. */
const FRESH = 100;

type OpenImage = ImageFile & { file: OpenFile };

interface Shared {
  opening: Promise<OpenImage>;
  /** When its path was judged, on the clock of `performance.now`. */
  judged: number;
  /** How many use it. */
  users: number;
  /** Whether the file is being closed, as nobody used it any more. */
  closing: boolean;
}

/**
 * The images of a store that are open. To open and judge a path takes six calls of the file system,
 * which many small reads of one image would do nothing but repeat; to open it again a moment later
 * takes two.
 */
export class OpenImages {
  readonly #datadirs: Datadirs;
  /** By path, the longest judged first. */
  #shared = new Map<string, Shared>();

  /** Nothing is open yet. */
  constructor(datadirs: Datadirs) {
    this.#datadirs = datadirs;
  }

  /** Opens an image, or shares it with who opened it a moment ago. Throws as `openImage`. */
  async open(io: Io, path: string): Promise<OpenImage> {
    this.#dropStale();
    const last = this.#shared.get(path);
    // An abort of one of the users is nothing to the others.
    const shared = last && !last.closing ? last : this.#begin(io.unaborted, path, last);
    shared.users++;
    const release = async () => {
      shared.users--;
      // A read that took no time shall be of use to those that wait for the event loop already.
      await setImmediate();
      if (shared.users > 0) return;
      shared.closing = true;
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

  #begin(io: Io, path: string, last: Shared | undefined): Shared {
    const images = this.#shared;
    const open = async () => openImage(io, this.#datadirs, path, await last?.opening);
    const shared = {
      judged: last?.judged ?? performance.now(),
      opening: open(),
      users: 0,
      closing: false,
    };
    images.set(path, shared);
    shared.opening.catch(() => {
      if (images.get(path) === shared) images.delete(path);
    });
    return shared;
  }

  /** Forgets shared files that are stale. Those that use them go on, but nobody else gets them. */
  #dropStale(): void {
    for (const [path, { judged }] of this.#shared) {
      if (performance.now() - judged < FRESH) return;
      this.#shared.delete(path);
    }
  }

  /** Opens anew whatever is requested from now on: a name was made or removed. */
  forget(): void {
    // What is being opened at this moment goes where nobody looks any more.
    this.#shared = new Map();
  }
}
