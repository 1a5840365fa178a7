/**
 * Images that clients read: each stays the one that was opened, for all connections of a client.
 *
 * @module
 */
import { ImageChanged } from "../../errors/mod.ts";
import type { Extent, ImageHandle } from "../../store/mod.ts";
import type { Bytes } from "../../streams/mod.ts";

/**
 * How long after the first connection others share its image, in milliseconds. The protocol does not
 * say which connections belong together, and a client that opens several would mix two images if one
 * took the other's place in between.
 */
const SHARED = 10_000;

/** An image, as one connection uses it. */
export interface PinnedUse {
  /** The size of the image, in bytes. */
  readonly size: number;
  /**
   * Fills a buffer.
   *
   * @param view The buffer.
   * @param position The offset in the image, in bytes. The buffer's end lies within the image.
   * @throws {ImageChanged} If the image is another by now, or was at any time before.
   */
  read(view: Bytes, position: number): Promise<void>;
  /**
   * Finds data and holes.
   *
   * @param offset The first byte.
   * @param length The number of bytes, at least 1. The range lies within the image.
   * @returns The extents from `offset` on, at least one.
   * @throws {ImageChanged} If the image is another by now, or was at any time before.
   */
  extents(offset: number, length: number): Promise<Extent[]>;
  /** Ends the use. The last one closes the image. */
  release(): Promise<void>;
}

interface Pinned {
  handle: Promise<ImageHandle>;
  since: number;
  uses: number;
  changed: ImageChanged | undefined;
}

/** The images that are open, by path. */
export class PinnedImages {
  readonly #images = new Map<string, Pinned>();

  /**
   * Uses an image. Connections that begin within 10 seconds share one.
   *
   * @param path The path, as a key.
   * @param open Opens the image, if no other connection has it open.
   * @returns The image.
   */
  async use(path: string, open: () => Promise<ImageHandle>): Promise<PinnedUse> {
    const found = this.#images.get(path);
    const isFresh = found && found.changed === undefined &&
      performance.now() - found.since < SHARED;
    const pinned = isFresh ? found : {
      handle: (async () => await open())(),
      since: performance.now(),
      uses: 0,
      changed: undefined,
    };
    this.#images.set(path, pinned);
    pinned.uses++;
    const release = once(() => this.#release(path, pinned));
    try {
      const handle = await pinned.handle;
      return {
        size: handle.size,
        read: (view, position) => guarded(pinned, () => fill(handle, view, position)),
        extents: (offset, length) => guarded(pinned, () => handle.extents(offset, length)),
        release,
      };
    } catch (error) {
      await release();
      throw error;
    }
  }

  async #release(path: string, pinned: Pinned): Promise<void> {
    if (--pinned.uses > 0) return;
    if (this.#images.get(path) === pinned) this.#images.delete(path);
    const handle = await pinned.handle.catch(() => undefined);
    await handle?.close();
  }
}

/** Runs a call that reads; after one that found another image, none does. */
async function guarded<Result>(pinned: Pinned, call: () => Promise<Result>): Promise<Result> {
  if (pinned.changed) throw pinned.changed;
  try {
    return await call();
  } catch (error) {
    if (error instanceof ImageChanged) pinned.changed = error;
    throw error;
  }
}

async function fill(handle: ImageHandle, view: Bytes, position: number): Promise<void> {
  const count = await handle.read(view, position);
  if (count === view.length) return;
  throw new ImageChanged(
    `the image ends at byte ${position + count}, and had ${handle.size} bytes`,
  );
}

function once(action: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined;
  return () => result ??= action();
}
