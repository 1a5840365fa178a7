/**
 * A pool of a Ceph cluster, over one connection that all its callers share.
 *
 * @module
 */
import {
  BackendException,
  BadStoreConfiguration,
  NotAuthenticated,
  NotFound,
  type StoreError,
} from "../../errors/mod.ts";
import { ERRNO, errorOf } from "./errors.ts";
import { cString, encoded, Libraries, Out, type Pointer, textOf, textsOf } from "./ffi.ts";
import { Handle } from "./handle.ts";
import { Image } from "./image.ts";
import { Snapshot } from "./snapshot.ts";

/** Where a pool is and who opens it. */
export interface PoolClientOptions {
  /** Name of the pool, or `POOL/NAMESPACE` for an RBD namespace of it. */
  pool: string;
  /** Ceph user, without `client.`. Default: librados's, which is `admin`. */
  user?: string | undefined;
  /** Path of ceph.conf; librados looks for it if it is empty. */
  cephConf: string;
  /** Seconds that each request may take; no limit below 0. */
  connectTimeout: number;
}

/** `rbd_image_option` of rbd/librbd.h. */
const OPTION = { ORDER: 2, FEATURES_SET: 8 } as const;
/** The feature without which a snapshot cannot be protected. */
const LAYERING = 1;

/** From here on a negative result is the offset at which an object differs from what it was compared to. */
const MAX_ERRNO = 4095;

/** A pool that is open, with its images. */
export class PoolClient extends Handle {
  readonly #libraries: Libraries;
  readonly #cluster: Pointer;
  readonly #pool: Pointer;
  readonly #handles = new Set<Handle>();
  #closing: Promise<void> | undefined;
  /** The images that are being made, which go before the pool is closed. */
  readonly newImages: Set<{ discard(): Promise<void> }> = new Set();
  /** Id of the cluster. */
  readonly fsid: string;

  private constructor(libraries: Libraries, cluster: Pointer, pool: Pointer, fsid: string) {
    super();
    this.#libraries = libraries;
    this.#cluster = cluster;
    this.#pool = pool;
    this.fsid = fsid;
  }

  /**
   * Connects to the cluster and opens the pool. Throws `DriverLoadFailure`, `BadStoreConfiguration`,
   * `NotAuthenticated`, `TimeoutError` and `RemoteServiceUnavailable`.
   */
  static async open(
    { pool, user, cephConf, connectTimeout }: PoolClientOptions,
  ): Promise<PoolClient> {
    const libraries = new Libraries();
    const out = new Out();
    let cluster: Pointer | undefined;
    try {
      await libraries.call("rados_create", out.bytes, user ? cString(user) : null);
      cluster = out.pointer;
      const path = cephConf ? cString(cephConf) : null;
      const unread = await libraries.attempt("rados_conf_read_file", cluster, path);
      if (unread < 0) {
        const path = cephConf || "ceph.conf, in Ceph's usual places,";
        throw new BadStoreConfiguration(`${path} cannot be read (errno ${-unread})`);
      }
      if (connectTimeout >= 0) {
        for (
          const name of ["client_mount_timeout", "rados_mon_op_timeout", "rados_osd_op_timeout"]
        ) {
          const [option, value] = [cString(name), cString(`${connectTimeout}`)];
          await libraries.call("rados_conf_set", cluster, option, value);
        }
      }
      const refused = await libraries.attempt("rados_connect", cluster);
      if (refused < 0) throw connectError(-refused);
      const fsid = new Uint8Array(37);
      await libraries.call("rados_cluster_fsid", cluster, fsid, fsid.length);
      const opened = await openPool(libraries, cluster, pool);
      return new PoolClient(libraries, cluster, opened, textOf(fsid));
    } catch (error) {
      if (cluster) await libraries.calls.rados_shutdown(cluster);
      libraries[Symbol.dispose]();
      throw error;
    }
  }

  /** Returns the id of the image of that name, whole or not. */
  idOf(name: string): Promise<string | undefined> {
    return this.using(async () => {
      const text = new Uint8Array(256);
      const object = idObject(name);
      const length = await this.#libraries
        .attempt("rados_read", this.#pool, object, text, text.length, 0);
      if (length === -ERRNO.ENOENT) return undefined;
      if (length < 0) throw errorOf("rados_read", -length);
      return textOf(text.subarray(4, length));
    });
  }

  /**
   * Returns the latest date at which a name can have been taken: that of the object which holds its id, or of the
   * pool's directory where there is none.
   */
  namedAt(name: string): Promise<Date> {
    return this.using(async () => {
      const [size, time] = [new Out(), new Out()];
      for (const object of [idObject(name), cString("rbd_directory")]) {
        const result = await this.#libraries
          .attempt("rados_stat", this.#pool, object, size.bytes, time.bytes);
        if (result >= 0) return new Date(1000 * time.number);
        if (result !== -ERRNO.ENOENT) throw errorOf("rados_stat", -result);
      }
      throw new NotFound("no such name");
    });
  }

  /** Returns the name of the image of that id; `undefined` where the pool lists none. */
  nameOf(id: string): Promise<string | undefined> {
    return this.using(async () => {
      const [object, rbd, method] = ["rbd_directory", "rbd", "dir_get_name"].map(cString);
      const [input, name] = [encoded(id), new Uint8Array(8192)];
      const length = await this.#libraries.attempt(
        "rados_exec",
        ...[this.#pool, object!, rbd!, method!, input, input.length, name, name.length] as const,
      );
      if (length === -ERRNO.ENOENT) return undefined;
      if (length < 0) throw errorOf("rados_exec", -length);
      return textOf(name.subarray(4, length));
    });
  }

  /** Renames an image, as mirrors see it too; throws `Duplicate` and `NotFound`. */
  async rename(from: string, to: string): Promise<void> {
    await this.using(() => {
      return this.#libraries.call("rbd_rename", this.#pool, cString(from), cString(to));
    });
  }

  /** Takes a name from the image of that id, which it has beside another since a broken rename. */
  forget(id: string, name: string): Promise<void> {
    return this.using(async () => {
      await this.#removeName(id, name);
      await this.#directory("dir_remove_image", name, id).catch((error) => {
        if (!(error instanceof NotFound)) throw error;
      });
    });
  }

  /** Removes what a name says if it says that id: another client may have named another image so. */
  async #removeName(id: string, name: string): Promise<void> {
    const { calls } = this.#libraries;
    const expected = encoded(id);
    const result = await this.#operate(idObject(name), (operation) => {
      calls.rados_write_op_cmpext(operation, expected, BigInt(expected.length), 0n, 0n);
      calls.rados_write_op_remove(operation);
    });
    if (result < 0 && result > -MAX_ERRNO) throw errorOf("rados_write_op_operate", -result);
  }

  /** Does all of an operation on an object, or nothing of it. */
  async #operate(
    object: Uint8Array<ArrayBuffer>,
    fill: (operation: Pointer) => void,
  ): Promise<number> {
    const { calls } = this.#libraries;
    const operation = calls.rados_create_write_op();
    try {
      fill(operation);
      const args = [operation, this.#pool, object, 0, 0] as const;
      return await this.#libraries.attempt("rados_write_op_operate", ...args);
    } finally {
      calls.rados_release_write_op(operation);
    }
  }

  /** Calls a method of the object that lists the pool's images. */
  async #directory(method: string, ...texts: string[]): Promise<void> {
    const [object, rbd, name] = ["rbd_directory", "rbd", method].map(cString);
    const input = encoded(...texts);
    await this.#libraries
      .call("rados_exec", this.#pool, object!, rbd!, name!, input, input.length, null, 0);
  }

  /** Returns the names of all images, whole or not. */
  names(): Promise<string[]> {
    return this.using(async () => {
      for (let room = 64 * 1024;;) {
        const [text, length] = [new Uint8Array(room), new Out(room)];
        const result = await this.#libraries.attempt("rbd_list", this.#pool, text, length.bytes);
        if (result >= 0) return textsOf(text.subarray(0, result));
        if (result !== -ERRNO.ERANGE) throw errorOf("rbd_list", -result);
        room = length.number;
      }
    });
  }

  /** Sends a command in JSON to the monitors; resolves to what they print, or to `undefined` if nothing. */
  command(command: string): Promise<Uint8Array | undefined> {
    return this.using(() => this.#libraries.command(this.#cluster, command));
  }

  /** Returns the value of an option of ceph.conf, empty where it has none. */
  configured(option: string): Promise<string> {
    return this.using(async () => {
      const value = new Uint8Array(1024);
      const args = [this.#cluster, cString(option), value, value.length] as const;
      return await this.#libraries.attempt("rados_conf_get", ...args) < 0 ? "" : textOf(value);
    });
  }

  /** Makes an image of `size` bytes in objects of 2 ^ `order` bytes; throws `Duplicate`. */
  create(name: string, size: number, order: number): Promise<void> {
    return this.#withOptions(
      { [OPTION.ORDER]: order },
      (options) => this.#libraries.call("rbd_create4", this.#pool, cString(name), size, options),
    );
  }

  /** Makes a copy-on-write child of a snapshot; throws `NotFound` and `Duplicate`. */
  clone(parent: string, snapshot: string, name: string): Promise<void> {
    const [from, at, to] = [parent, snapshot, name].map(cString);
    return this.#withOptions(
      {},
      (options) =>
        this.#libraries.call("rbd_clone3", this.#pool, from!, at!, this.#pool, to!, options),
    );
  }

  /** Removes an image; throws `NotFound`, `HasSnapshot` and `InUseByStore`. */
  async remove(name: string): Promise<void> {
    await this.using(() => this.#libraries.call("rbd_remove", this.#pool, cString(name)));
  }

  /** Moves an image to the pool's trash; throws `NotFound` and `InUseByStore`. */
  async moveToTrash(name: string): Promise<void> {
    await this.using(() => this.#libraries.call("rbd_trash_move", this.#pool, cString(name), 0));
  }

  /** Removes an image from the pool's trash; throws `HasSnapshot` while it has snapshots or clones. */
  async removeFromTrash(id: string): Promise<void> {
    await this.using(() => this.#libraries.call("rbd_trash_remove", this.#pool, cString(id), 0));
  }

  /** Returns the images in the pool's trash: their ids, and the names that they had. */
  trash(): Promise<{ id: string; name: string }[]> {
    return this.using(async () => {
      const [object, rbd, method] = ["rbd_trash", "rbd", "trash_list"].map(cString);
      const entries: { id: string; name: string }[] = [];
      for (let after = "";;) {
        const input = new Uint8Array([...encoded(after), ...new Out(TRASH_PAGE).bytes]);
        const output = new Uint8Array(1024 * TRASH_PAGE);
        const length = await this.#libraries.attempt(
          "rados_exec",
          ...[
            this.#pool,
            object!,
            rbd!,
            method!,
            input,
            input.length,
            output,
            output.length,
          ] as const,
        );
        if (length === -ERRNO.ENOENT) return entries;
        if (length < 0) throw errorOf("rados_exec", -length);
        const page = trashEntries(output.subarray(0, length));
        entries.push(...page);
        if (page.length < TRASH_PAGE) return entries;
        after = page.at(-1)!.id;
      }
    });
  }

  /** Opens an image for writing, which the cluster sees as being in use. Throws `NotFound`. */
  openImage(name: string): Promise<Image> {
    return this.#open("rbd_open", name, null, (image) => new Image(this.#libraries, image));
  }

  /** Opens an image by its id for writing, whatever its name is. Throws `NotFound`. */
  openImageById(id: string): Promise<Image> {
    return this.#open("rbd_open_by_id", id, null, (image) => new Image(this.#libraries, image));
  }

  /** Opens an image for looking at it, which the cluster does not see as being in use. */
  openHead(name: string): Promise<Image> {
    return this.#open(
      "rbd_open_read_only",
      name,
      null,
      (image) => new Image(this.#libraries, image),
    );
  }

  /** Opens an image by its id, also one in the trash, for looking at it. */
  openHeadById(id: string): Promise<Image> {
    const open = "rbd_open_by_id_read_only";
    return this.#open(open, id, null, (image) => new Image(this.#libraries, image));
  }

  /** Opens a snapshot of an image for reading. Throws `NotFound` if either is missing. */
  openSnapshot(name: string, snapshot: string): Promise<Snapshot> {
    const at = cString(snapshot);
    return this.#open(
      "rbd_open_read_only",
      name,
      at,
      (image) => Snapshot.of(this.#libraries, this.#pool, image, at),
    );
  }

  async #open<T extends Handle>(
    call: "rbd_open" | "rbd_open_read_only" | "rbd_open_by_id" | "rbd_open_by_id_read_only",
    name: string,
    snapshot: Uint8Array<ArrayBuffer> | null,
    wrap: (image: Pointer) => T | Promise<T>,
  ): Promise<T> {
    return await this.using(async () => {
      const out = new Out();
      const open = async () =>
        void await this.#libraries.call(call, this.#pool, cString(name), out.bytes, snapshot);
      await open().catch((error) => this.#explain(error, call, name, snapshot, open));
      const handle = await wrap(out.pointer);
      this.#handles.add(handle);
      handle.onClosed = () => this.#handles.delete(handle);
      return handle;
    });
  }

  /**
   * Throws the error of an image that could not be opened, unless it can be by now. librbd says "no such
   * image" of one whose parent is missing too.
   */
  async #explain(
    error: unknown,
    call: string,
    name: string,
    snapshot: Uint8Array<ArrayBuffer> | null,
    open: () => Promise<void>,
  ): Promise<void> {
    if (!(error instanceof NotFound)) throw error;
    const id = call.includes("_by_id") ? name : await this.idOf(name);
    if (id === undefined || !await this.#has(id, snapshot)) throw error;
    try {
      // It may have appeared just now.
      await open();
    } catch (again) {
      if (!(again instanceof NotFound) || !await this.#has(id, snapshot)) throw again;
      throw new BackendException(
        "the image is there, but the pool or the image that it was cloned from is missing",
        { cause: again },
      );
    }
  }

  /** Returns whether there is an image of that id, and a snapshot of that name where one is given. */
  async #has(id: string, snapshot: Uint8Array<ArrayBuffer> | null): Promise<boolean> {
    // The last snapshot's id, the number of snapshots, and the id of each.
    const context = await this.#ofImage(id, "get_snapcontext", new Uint8Array());
    if (context === undefined || snapshot === null) return context !== undefined;
    for (let at = 12; at < context.length; at += 8) {
      const name = await this.#ofImage(id, "get_snapshot_name", context.slice(at, at + 8));
      if (name && textOf(name.subarray(4)) === textOf(snapshot)) return true;
    }
    return false;
  }

  /** Calls a method of an image's header; `undefined` where there is none, or nothing of that kind. */
  async #ofImage(
    id: string,
    method: string,
    input: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array | undefined> {
    const output = new Uint8Array(64 * 1024);
    const length = await this.#libraries.attempt(
      "rados_exec",
      ...[this.#pool, cString(`rbd_header.${id}`), cString("rbd"), cString(method)] as const,
      ...[input, input.length, output, output.length] as const,
    );
    if (length === -ERRNO.ENOENT) return undefined;
    if (length < 0) throw errorOf("rados_exec", -length);
    return output.subarray(0, length);
  }

  async #withOptions(
    values: Readonly<Record<number, number>>,
    call: (options: Pointer) => Promise<unknown>,
  ): Promise<void> {
    const { calls } = this.#libraries;
    await this.using(async () => {
      const out = new Out();
      calls.rbd_image_options_create(out.bytes);
      try {
        for (
          const [option, value] of Object.entries({ ...values, [OPTION.FEATURES_SET]: LAYERING })
        ) {
          calls.rbd_image_options_set_uint64(out.pointer, Number(option), BigInt(value));
        }
        await call(out.pointer);
      } finally {
        calls.rbd_image_options_destroy(out.pointer);
      }
    });
  }

  /** Removes the images that are being made, then closes the pool. Safe to call twice. */
  override close(): Promise<void> {
    return this.#closing ??= Promise.allSettled([...this.newImages].map((image) => image.discard()))
      .then(() => super.close());
  }

  /** Closes what is still open of the pool, then the connection. */
  protected override async release(): Promise<void> {
    await Promise.allSettled([...this.#handles].map((handle) => handle.close()));
    await this.#libraries.calls.rados_ioctx_destroy(this.#pool);
    await this.#libraries.calls.rados_shutdown(this.#cluster);
    this.#libraries[Symbol.dispose]();
  }
}

/** Entries of the trash that are requested at once. */
const TRASH_PAGE = 64;

/**
 * Reads what the method `trash_list` of the class `rbd` returns: a count, then the id and the versioned
 * `TrashImageSpec` of each image, which begins with its source and its name (ceph/src/cls/rbd).
 */
function trashEntries(bytes: Uint8Array): { id: string; name: string }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = (at: number) => {
    const length = view.getUint32(at, true);
    return textOf(bytes.subarray(at + 4, at + 4 + length));
  };
  const entries = [];
  let at = 4;
  for (let left = view.getUint32(0, true); left > 0; left--) {
    const id = text(at);
    at += 4 + view.getUint32(at, true);
    // A version, the least version that can read it, and the length of the rest; then the source.
    entries.push({ id, name: text(at + 7) });
    at += 6 + view.getUint32(at + 2, true);
  }
  return entries;
}

/** Opens a pool, or an RBD namespace of it. */
async function openPool(libraries: Libraries, cluster: Pointer, path: string): Promise<Pointer> {
  const [pool = "", namespace] = path.split("/");
  const out = new Out();
  const missing = await libraries.attempt("rados_ioctx_create", cluster, cString(pool), out.bytes);
  if (missing === -ERRNO.ENOENT) throw new BadStoreConfiguration(`there is no pool "${pool}"`);
  if (missing < 0) throw errorOf("rados_ioctx_create", -missing);
  const opened = out.pointer;
  try {
    if (namespace !== undefined) {
      const exists = new Uint8Array(1);
      await libraries.call("rbd_namespace_exists", opened, cString(namespace), exists);
      if (exists[0] === 0) {
        throw new BadStoreConfiguration(`the pool "${pool}" has no namespace "${namespace}"`);
      }
      libraries.calls.rados_ioctx_set_namespace(opened, cString(namespace));
    }
    // A request that a full cluster cannot take fails instead of waiting until there is room.
    libraries.calls.rados_set_pool_full_try(opened);
    return opened;
  } catch (error) {
    await libraries.calls.rados_ioctx_destroy(opened);
    throw error;
  }
}

/** The object that holds the id of the image of that name. */
function idObject(name: string): Uint8Array<ArrayBuffer> {
  return cString(`rbd_id.${name}`);
}

/** What a refused connection means: the same numbers say other things than for an image. */
function connectError(errno: number): StoreError {
  switch (errno) {
    case ERRNO.EPERM:
    case ERRNO.EACCES:
      return new NotAuthenticated("the cluster refuses the Ceph user's key (rados_connect)");
    case ERRNO.ENOENT:
      return new BadStoreConfiguration(
        "ceph.conf names no monitor, or no keyring of the Ceph user (rados_connect: ENOENT)",
      );
    default:
      return errorOf("rados_connect", errno);
  }
}
