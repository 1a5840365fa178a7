/**
 * What an image open for writing and a snapshot open for reading have in common.
 *
 * @module
 */
import {
  type Arguments,
  bytesOf,
  type Fallible,
  type Libraries,
  type Pointer,
  textOf,
} from "./ffi.ts";
import { Handle } from "./handle.ts";

/** The arguments of a function but its first, the image. */
export type Rest<N extends Fallible> = Arguments<N> extends [unknown, ...infer R] ? R
  : never;

/** An `rbd_image_t`. */
export abstract class OpenImage extends Handle {
  /** The libraries that opened it. */
  protected readonly libraries: Libraries;
  /** The image itself. */
  protected readonly image: Pointer;

  /** Takes over what was opened. */
  constructor(libraries: Libraries, image: Pointer) {
    super();
    this.libraries = libraries;
    this.image = image;
  }

  /** Calls a function of the image, which throws its error. */
  protected call<N extends Fallible>(name: N, ...rest: Rest<N>): Promise<number> {
    const args = [this.image, ...rest] as unknown as Arguments<N>;
    return this.using(() => this.libraries.call(name, ...args));
  }

  /** Calls a function of the image, which returns its errno made negative. */
  protected attempt<N extends Fallible>(name: N, ...rest: Rest<N>): Promise<number> {
    const args = [this.image, ...rest] as unknown as Arguments<N>;
    return this.using(() => this.libraries.attempt(name, ...args));
  }

  /** The image's id in its pool, which no other image ever has. */
  async id(): Promise<string> {
    const text = new Uint8Array(256);
    await this.call("rbd_get_id", text, text.length);
    return textOf(text);
  }

  /** How many handles have the image open for writing, anywhere. */
  watchers(): Promise<number> {
    return this.using(async () => {
      // Structures of a C string, the client's id and a cookie.
      const { array, count } = await this.libraries.list("rbd_watchers_list", this.image, 3);
      this.libraries.calls.rbd_watchers_list_cleanup(bytesOf(array), BigInt(count));
      return count;
    });
  }

  /** Closes the image. */
  protected override async release(): Promise<void> {
    await this.libraries.attempt("rbd_close", this.image);
  }
}
