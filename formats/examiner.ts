/**
 * Runs the examinations of all formats side by side, whatever the bytes come from.
 *
 * @module
 */
import { ByteView } from "./byte_view.ts";
import { END, type Examination, ExaminedImage, HEAD_SIZE, type Region } from "./format.ts";
import { REGION_SIZE } from "./format.ts";
import type { Finding, ImageInspection } from "./inspection.ts";
import { FORMATS } from "./table.ts";
import { type Recognition, verdict } from "./verdict.ts";

/** A region that an examination waits for. */
export interface Wanted extends Region {
  /**
   * Gives the bytes to the examination.
   *
   * @param bytes All bytes of the region. Fewer at the end of the image.
   */
  give(bytes: Uint8Array): void;
}

/** The examinations of one image, from when its head is there. */
export class Examiner {
  /** The regions behind the head that are wanted now, at most one for each format. */
  readonly wanted: Set<Wanted> = new Set();
  readonly #head: Uint8Array;
  readonly #images: ExaminedImage[] = [];
  readonly #recognitions: Recognition[] = [];
  /** What is waiting for the end of the image. */
  readonly #waiting: (() => void)[] = [];

  /**
   * Begins all examinations.
   *
   * @param head The first {@linkcode HEAD_SIZE} bytes of the image, or the whole of a smaller one.
   */
  constructor(head: Uint8Array) {
    this.#head = head;
    const view = new ByteView(head);
    FORMATS.forEach((format, order) => {
      const image = new ExaminedImage(view);
      this.#images.push(image);
      const examined = format.examine(image);
      if (!examined) return;
      const recognise = (detection: Recognition["detection"] | undefined) => {
        if (detection) this.#recognitions[order] = { format, detection, image };
      };
      if (Symbol.iterator in examined) this.#resume(examined, recognise, head.length);
      else recognise(examined);
    });
  }

  /** What was found so far. Nothing that is here goes away again. */
  get findings(): Finding[] {
    return this.#images.flatMap(({ findings }) => findings);
  }

  /**
   * Ends all examinations. The wanted regions must have been given before.
   *
   * @param tail The last bytes of the image: as many as a format may look at.
   * @param size Size of the image in bytes.
   * @returns The verdict.
   */
  end(tail: Uint8Array, size: number): ImageInspection {
    const view = new ByteView(tail);
    for (const image of this.#images) {
      image.tail = view;
      image.size = size;
    }
    for (const go of this.#waiting.splice(0)) go();
    return verdict(Object.values(this.#recognitions), size);
  }

  /** Lets an examination go on, for which the image is known up to `position`. */
  #resume(
    examination: Examination,
    recognise: (detection: Recognition["detection"] | undefined) => void,
    position: number,
    bytes: Uint8Array = new Uint8Array(0),
  ): void {
    const { done, value } = examination.next(new ByteView(bytes));
    if (done) return recognise(value);
    if (value === END) {
      this.#waiting.push(() => this.#resume(examination, recognise, position));
      return;
    }
    const { offset } = value;
    const length = Math.min(value.length, REGION_SIZE);
    const end = offset + length;
    const isGone = position > HEAD_SIZE && end > HEAD_SIZE && offset < position;
    if (end <= this.#head.length || isGone || this.#head.length < HEAD_SIZE) {
      const known = isGone ? undefined : this.#head.subarray(offset, end);
      return this.#resume(examination, recognise, position, known);
    }
    const wanted: Wanted = {
      offset,
      length,
      give: (bytes) => {
        this.wanted.delete(wanted);
        this.#resume(examination, recognise, Math.max(position, offset + bytes.length), bytes);
      },
    };
    this.wanted.add(wanted);
  }
}
