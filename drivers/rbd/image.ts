/**
 * An RBD image that is open for writing.
 *
 * @module
 */
import { ERRNO, errorOf } from "./errors.ts";
import { bytesOf, cString, type Pointer, timeOf } from "./ffi.ts";
import { OpenImage } from "./open_image.ts";

/** An image that is open for writing. The cluster counts a watcher until it is closed. */
export class Image extends OpenImage {
  /** Writes bytes at an offset. */
  async write(offset: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.call("rbd_write", offset, bytes.length, bytes);
  }

  /** Changes the size, in bytes. */
  async resize(size: number): Promise<void> {
    await this.call("rbd_resize", size);
  }

  /** Waits until everything that was written is safe. */
  async flush(): Promise<void> {
    await this.call("rbd_flush");
  }

  /** Lends the image itself to a function of another. */
  lend<T>(call: (image: Pointer) => Promise<T>): Promise<T> {
    return this.using(() => call(this.image));
  }

  /** Copies what is still the parent's, so that the image does without it. */
  async flatten(): Promise<void> {
    await this.call("rbd_flatten");
  }

  /** Keeps a text with the image, under a key. */
  async setMetadata(key: string, value: string): Promise<void> {
    await this.call("rbd_metadata_set", cString(key), cString(value));
  }

  /** Removes a text that is kept with the image, if it is there. */
  async removeMetadata(key: string): Promise<void> {
    const result = await this.attempt("rbd_metadata_remove", cString(key));
    if (result < 0 && result !== -ERRNO.ENOENT) throw errorOf("rbd_metadata_remove", -result);
  }

  /** Reads the size of the image in bytes, and when it was last written, to the minute. */
  async state(): Promise<{ size: number; modified: Date }> {
    const [stat, time] = [new Uint8Array(160), new Uint8Array(16)];
    await this.call("rbd_stat", stat, stat.length);
    await this.call("rbd_get_modify_timestamp", time);
    return {
      size: Number(new DataView(stat.buffer).getBigUint64(0, true)),
      modified: timeOf(time),
    };
  }

  /** Returns how many snapshots the image has. */
  snapshots(): Promise<number> {
    return this.using(async () => {
      // Structures of id, size and a C string.
      const { array, count } = await this.libraries.list("rbd_snap_list", this.image, 3);
      if (count > 0) this.libraries.calls.rbd_snap_list_end(bytesOf(array));
      return count;
    });
  }

  /** Makes a snapshot. */
  async createSnapshot(snapshot: string): Promise<void> {
    await this.call("rbd_snap_create", cString(snapshot));
  }

  /** Forbids to remove a snapshot before {@linkcode unprotect}; what is cloned must be so. */
  async protect(snapshot: string): Promise<void> {
    await this.call("rbd_snap_protect", cString(snapshot));
  }

  /** Allows a snapshot to be removed, if it is not allowed yet. Throws `InUseByStore` for clones. */
  async unprotect(snapshot: string): Promise<void> {
    const result = await this.attempt("rbd_snap_unprotect", cString(snapshot));
    // librbd's word for a snapshot that is not protected.
    if (result < 0 && result !== -ERRNO.EINVAL) throw errorOf("rbd_snap_unprotect", -result);
  }

  /** Removes a snapshot. */
  async removeSnapshot(snapshot: string): Promise<void> {
    await this.call("rbd_snap_remove", cString(snapshot));
  }
}
