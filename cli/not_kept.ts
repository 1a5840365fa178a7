/**
 * What the copies of one command could not keep: one line for all of them.
 *
 * @module
 */
import type { MoveResult } from "../store/mod.ts";
import type { Session } from "./command.ts";

/** What the names of properties are called for people. */
const WORDS = {
  contentType: "media type",
  cacheControl: "cache control",
  metadata: "metadata",
} as const;

/** Counts the images that have lost something. */
export class NotKept {
  readonly #names = new Set<keyof typeof WORDS>();
  #images = 0;

  /**
   * Counts an image.
   *
   * @param result What its copy or move resolved to.
   */
  add({ notKept = [] }: MoveResult): void {
    if (notKept.length > 0) this.#images++;
    for (const name of notKept) this.#names.add(name);
  }

  /**
   * Writes the line, if anything was lost.
   *
   * @param session What takes the line.
   */
  report({ note }: Session): void {
    if (this.#images === 0) return;
    const words = [...this.#names].map((name) => WORDS[name]).join(", ");
    const images = this.#images === 1 ? "one image" : `${this.#images} images`;
    note(`the target cannot keep all that was stored with ${images}; not kept: ${words}`);
  }
}
