/**
 * What an image open for writing and a snapshot open for reading have in common.
 *
 * @module
 */
import {
  type Arguments,
  bytesOf,
  cString,
  type Fallible,
  type Libraries,
  Out,
  type Pointer,
  textOf,
} from "./ffi.ts";
import { ERRNO, errorOf } from "./errors.ts";
import { Handle } from "./handle.ts";

/** The arguments of a function but its first, the image. */
export type Rest<N extends Fallible> = Arguments<N> extends [unknown, ...infer R] ? R
  : never;

/** A snapshot that an image is a copy-on-write child of. */
export interface ParentImage {
  /** The pool of its image. */
  pool: string;
  /** The name of its image. */
  image: string;
  /** The name of the snapshot. */
  snapshot: string;
}

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

  /** Returns the image's id in its pool, which no other image ever has. */
  async id(): Promise<string> {
    const text = new Uint8Array(256);
    await this.call("rbd_get_id", text, text.length);
    return textOf(text);
  }

  /** Returns how many handles have the image open for writing, anywhere. */
  watchers(): Promise<number> {
    return this.using(async () => {
      // Structures of a C string, the client's id and a cookie.
      const { array, count } = await this.libraries.list("rbd_watchers_list", this.image, 3);
      this.libraries.calls.rbd_watchers_list_cleanup(bytesOf(array), BigInt(count));
      return count;
    });
  }

  /** Returns the text that is kept under a key. */
  async metadata(key: string): Promise<string | undefined> {
    const [value, length] = [new Uint8Array(1024), new Out(1024)];
    const result = await this.attempt("rbd_metadata_get", cString(key), value, length.bytes);
    if (result < 0 && result !== -ERRNO.ENOENT) throw errorOf("rbd_metadata_get", -result);
    return result < 0 ? undefined : textOf(value);
  }

  /** Returns the snapshot that this is a copy-on-write child of. */
  async parent(): Promise<ParentImage | undefined> {
    const [pool, image, snapshot] = [0, 1, 2].map(() => new Uint8Array(4096)) as Texts;
    const result = await this.attempt(
      "rbd_get_parent_info",
      ...[pool, pool.length, image, image.length, snapshot, snapshot.length] as const,
    );
    if (result === -ERRNO.ENOENT) return undefined;
    if (result < 0) throw errorOf("rbd_get_parent_info", -result);
    return { pool: textOf(pool), image: textOf(image), snapshot: textOf(snapshot) };
  }

  /** Returns whether the image belongs to a group, with which consistent snapshots of several are made. */
  async isInGroup(): Promise<boolean> {
    // A C string, and the group's pool, which is -1 where there is none.
    const info = new BigInt64Array(2);
    const bytes = new Uint8Array(info.buffer);
    await this.call("rbd_get_group", bytes, bytes.length);
    const pool = info[1]!;
    this.libraries.calls.rbd_group_info_cleanup(bytes, BigInt(bytes.length));
    return pool !== -1n;
  }

  /** Closes the image. */
  protected override async release(): Promise<void> {
    await this.libraries.attempt("rbd_close", this.image);
  }
}

type Bytes = Uint8Array<ArrayBuffer>;
type Texts = [Bytes, Bytes, Bytes];
