/**
 * A snapshot of an RBD image that is open for reading.
 *
 * @module
 */
import { NotFound } from "../../errors/mod.ts";
import { ExtentList } from "../../store/extents.ts";
import type { Extent } from "../../store/types.ts";
import { ERRNO, errorOf } from "./errors.ts";
import { cString, type Libraries, Out, type Pointer, textOf, timeOf } from "./ffi.ts";
import type { Image } from "./image.ts";
import { OpenImage, type ParentImage } from "./open_image.ts";

/** What is known of a snapshot once it is open. */
export interface SnapshotInfo {
  /** Size in bytes. */
  size: number;
  /** The image's objects have 2 ^ `order` bytes. */
  order: number;
  /** The image's id in its pool, which no other image ever has. */
  imageId: string;
  /** The snapshot's id, which no other snapshot of the image ever has. */
  snapshotId: number;
  /** When the snapshot was made. */
  created: Date;
}

/** A snapshot that is open for reading. The cluster does not count it as being in use. */
export class Snapshot extends OpenImage {
  readonly #pool: Pointer;
  /** Where the objects are known to be missing; a snapshot keeps it as it is. `null` if it cannot be known. */
  #holes: Uint8Array | null | undefined;
  /** What is known of it. */
  readonly info: SnapshotInfo;

  private constructor(libraries: Libraries, image: Pointer, pool: Pointer, info: SnapshotInfo) {
    super(libraries, image);
    this.#pool = pool;
    this.info = info;
  }

  /** The entity tag: what a snapshot holds never changes. */
  get etag(): string {
    const { imageId, snapshotId } = this.info;
    return `"${imageId}-${snapshotId}"`;
  }

  /** Takes over an image that was opened at a snapshot; closes it if that fails. */
  static async of(
    libraries: Libraries,
    pool: Pointer,
    image: Pointer,
    name: Uint8Array<ArrayBuffer>,
  ): Promise<Snapshot> {
    try {
      const [stat, imageId, snapshotId] = [new Uint8Array(160), new Uint8Array(64), new Out()];
      // One after the other: where one fails the image is closed, which no other call may be using.
      await libraries.call("rbd_stat", image, stat, stat.length);
      await libraries.call("rbd_get_id", image, imageId, imageId.length);
      await libraries.call("rbd_snap_get_id", image, name, snapshotId.bytes);
      const time = new Uint8Array(16);
      await libraries.call("rbd_snap_get_timestamp", image, snapshotId.number, time);
      const words = new DataView(stat.buffer);
      return new Snapshot(libraries, image, pool, {
        size: Number(words.getBigUint64(0, true)),
        order: words.getInt32(24, true),
        imageId: textOf(imageId),
        snapshotId: snapshotId.number,
        created: timeOf(time),
      });
    } catch (error) {
      await libraries.attempt("rbd_close", image);
      throw error;
    }
  }

  /**
   * Reads `view.length` bytes, which must lie inside the image. What librbd gives is theirs if the
   * snapshot {@linkcode stands} after that.
   */
  async read(view: Uint8Array<ArrayBuffer>, offset: number): Promise<void> {
    await this.call("rbd_read", offset, view.length, view);
  }

  /**
   * Throws `NotFound` if the snapshot is not there any more: librbd gives zeros for the data of an
   * image that was removed.
   */
  async stands(): Promise<void> {
    const output = new Uint8Array(16);
    const result = await this.using(() =>
      this.libraries.attempt(
        "rados_exec",
        ...[this.#pool, cString(`rbd_header.${this.info.imageId}`)] as const,
        ...[cString("rbd"), cString("get_size")] as const,
        ...[new Out(this.info.snapshotId).bytes, 8, output, output.length] as const,
      )
    );
    if (result === -ERRNO.ENOENT) throw new NotFound("the image was deleted while it was read");
    if (result < 0) throw errorOf("rados_exec", -result);
  }

  /**
   * Returns the snapshot that this is a copy-on-write child of. Its pool is `POOL/NAMESPACE` where it is in
   * one.
   */
  override async parent(): Promise<ParentImage | undefined> {
    const parent = await super.parent();
    if (parent === undefined) return undefined;
    const output = new Uint8Array(4096);
    const length = await this.using(() =>
      this.libraries.call(
        "rados_exec",
        ...[this.#pool, cString(`rbd_header.${this.info.imageId}`)] as const,
        ...[cString("rbd"), cString("parent_get")] as const,
        ...[new Uint8Array(), 0, output, output.length] as const,
      )
    );
    const namespace = parentNamespace(output.subarray(0, length));
    return namespace === "" ? parent : { ...parent, pool: `${parent.pool}/${namespace}` };
  }

  /** Copies everything to an image of the same size. */
  async copyTo(image: Image): Promise<void> {
    await image.lend((target) => this.call("rbd_copy2", target));
  }

  /** Returns the names of the image's features. */
  async features(): Promise<string[]> {
    const [bits, text, length] = [new Out(), new Uint8Array(1024), new Out(1024)];
    await this.call("rbd_get_features", bits.bytes);
    this.libraries.calls.rbd_features_to_string(BigInt(bits.number), text, length.bytes);
    return textOf(text).split(",").filter(Boolean);
  }

  /**
   * Returns whether the snapshot has copy-on-write children. A pool that may not be read, or that is gone, is
   * where a child is.
   */
  async hasClones(): Promise<boolean> {
    const count = new Out(0);
    const result = await this.attempt("rbd_list_children3", null, count.bytes);
    const isHidden = [ERRNO.EPERM, ERRNO.EACCES, ERRNO.ENOENT].includes(-result as 1);
    if (result < 0 && result !== -ERRNO.ERANGE && !isHidden) {
      throw errorOf("rbd_list_children3", -result);
    }
    return result < 0;
  }

  /** Bytes that the objects of the snapshot take, or `undefined` if the image does not keep count. */
  async usedBytes(): Promise<number | undefined> {
    const { size, order } = this.info;
    const map = await this.#objectMap();
    return map && usedBytes(map, size, 2 ** order);
  }

  /**
   * Finds data and holes in a range: an object that is not there is a hole. All is data if the image does
   * not keep count of its objects, or if a parent may have what it lacks.
   */
  async extents(offset: number, length: number): Promise<Extent[]> {
    const list = new ExtentList(offset, length);
    const objectSize = 2 ** this.info.order;
    const map = await this.#findHoles();
    if (map === null) list.add("data", length);
    while (!list.isFull) {
      const object = Math.floor(list.position / objectSize);
      const rest = objectSize - list.position % objectSize;
      list.add(map && hasObject(map, object) ? "data" : "hole", rest);
    }
    return list.extents;
  }

  /** Returns whether objects are known to be missing. */
  async hasHoles(): Promise<boolean> {
    const map = await this.#findHoles();
    const { size, order } = this.info;
    return map !== null && usedBytes(map, size, 2 ** order) < size;
  }

  async #findHoles(): Promise<Uint8Array | null> {
    if (this.#holes !== undefined) return this.#holes;
    const hasParent = await this.parent() !== undefined;
    return this.#holes = hasParent ? null : await this.#objectMap() ?? null;
  }

  /** Reads the map of the image's objects, or `undefined` if the image does not keep one. */
  async #objectMap(): Promise<Uint8Array | undefined> {
    const { size, order, imageId, snapshotId } = this.info;
    const flags = new Out();
    await this.call("rbd_get_flags", flags.bytes);
    if (flags.number !== 0) return undefined;
    const object = cString(
      `rbd_object_map.${imageId}.${snapshotId.toString(16).padStart(16, "0")}`,
    );
    // Two bits an object, a checksum of 4 bytes a page, and a header.
    const map = new Uint8Array(Math.ceil(size / 2 ** order / 4) * 1.01 + 4096);
    const length = await this.using(() =>
      this.libraries.attempt("rados_read", this.#pool, object, map, map.length, 0)
    );
    const needed = MAP_HEADER + Math.ceil(Math.ceil(size / 2 ** order) / 4);
    return length < needed ? undefined : map.subarray(0, length);
  }
}

/**
 * Reads the namespace in what the method `parent_get` of the class `rbd` returns: a version, the least
 * version that can read it, and the length of the rest; then the id of the pool, and the namespace
 * (`ParentImageSpec` of ceph/src/cls/rbd/cls_rbd_types.h).
 */
function parentNamespace(bytes: Uint8Array): string {
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(14, true);
  return textOf(bytes.subarray(18, 18 + length));
}

/** Bytes of the header of an object map: its length, a version, the length of the rest, the number of objects. */
const MAP_HEADER = 18;

/**
 * Whether an object is there. The map holds two bits an object, the first object in the highest bits of
 * the first byte, none set where there is no object; see ceph/src/common/bit_vector.hpp.
 */
function hasObject(map: Uint8Array, object: number): boolean {
  return (map[MAP_HEADER + (object >> 2)]! >> (6 - 2 * (object & 3)) & 3) !== 0;
}

/** Bytes that the objects of an image take, each counted whole as `rbd du` does. */
function usedBytes(map: Uint8Array, size: number, objectSize: number): number {
  const count = Math.ceil(size / objectSize);
  let used = 0;
  for (let i = 0; i < count; i++) {
    if (hasObject(map, i)) used += Math.min(objectSize, size - i * objectSize);
  }
  return used;
}
