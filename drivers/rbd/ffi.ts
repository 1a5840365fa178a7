/**
 * librados and librbd by FFI: their signatures, and how they are loaded and called.
 *
 * Every call that can wait runs on a thread of Deno's pool (`nonblocking`), so that the event loop
 * never does; callbacks are not used. Sources: rados/librados.h and rbd/librbd.h.
 *
 * @module
 */
import { DriverLoadFailure, Invalid } from "../../errors/mod.ts";
import { hasFfi } from "../../runtime/mod.ts";
import { ERRNO, errorOf } from "./errors.ts";

/**
 * A handle of the libraries: a cluster, a pool, an image. It is the pointer as a number, which Deno
 * passes on under a permission for the libraries alone; a pointer of its own needs one for all.
 */
export type Pointer = bigint;

type Types = readonly Deno.NativeType[];

/** A function that runs on another thread and returns 0, a count, or an errno made negative. */
function slow<const P extends Types>(...parameters: P): Deno.ForeignFunction<P, "i32", true> {
  return { parameters, result: "i32", nonblocking: true };
}

/** The same, of a `ssize_t`. */
function sized<const P extends Types>(...parameters: P): Deno.ForeignFunction<P, "isize", true> {
  return { parameters, result: "isize", nonblocking: true };
}

/** A function that runs on another thread and returns nothing. */
function ending<const P extends Types>(...parameters: P): Deno.ForeignFunction<P, "void", true> {
  return { parameters, result: "void", nonblocking: true };
}

/** A function that touches memory alone and returns nothing. */
function quick<const P extends Types>(...parameters: P): Deno.ForeignFunction<P, "void"> {
  return { parameters, result: "void" };
}

// First a cluster handle, a pool (`rados_ioctx_t`) or an image (`rbd_image_t`). Names are C strings.
const RADOS = {
  // (handle out, user)
  rados_create: slow("buffer", "buffer"),
  // (cluster, path or null)
  rados_conf_read_file: slow("u64", "buffer"),
  // (cluster, option, value)
  rados_conf_set: slow("u64", "buffer", "buffer"),
  rados_connect: slow("u64"),
  rados_shutdown: ending("u64"),
  // (cluster, text out, length)
  rados_cluster_fsid: slow("u64", "buffer", "usize"),
  // (cluster, option, value out, length)
  rados_conf_get: slow("u64", "buffer", "buffer", "usize"),
  // (cluster, commands, their number, input, its length, output out, length out, status out, length out)
  rados_mon_command: slow(
    ...[
      "u64",
      "buffer",
      "usize",
      "buffer",
      "usize",
      "buffer",
      "buffer",
      "buffer",
      "buffer",
    ] as const,
  ),
  rados_buffer_free: quick("u64"),
  // (cluster, pool's name, pool out)
  rados_ioctx_create: slow("u64", "buffer", "buffer"),
  rados_ioctx_destroy: ending("u64"),
  rados_set_pool_full_try: quick("u64"),
  // (pool, name)
  rados_ioctx_set_namespace: quick("u64", "buffer"),
  // (pool, object, bytes out, length, offset)
  rados_read: slow("u64", "buffer", "buffer", "usize", "u64"),
  // (pool, object, size out, time_t out)
  rados_stat: slow("u64", "buffer", "buffer", "buffer"),
  // (pool, object, class, method, input, its length, output, its length)
  rados_exec: slow(
    ...["u64", "buffer", "buffer", "buffer", "buffer", "usize", "buffer", "usize"] as const,
  ),
  rados_create_write_op: { parameters: [], result: "u64" },
  rados_release_write_op: quick("u64"),
  // (operation, bytes that the object must begin with, their length, offset, nothing)
  rados_write_op_cmpext: quick("u64", "buffer", "usize", "u64", "u64"),
  rados_write_op_remove: quick("u64"),
  // (operation, pool, object, nothing, flags)
  rados_write_op_operate: slow("u64", "u64", "buffer", "u64", "i32"),
} as const;

const RBD = {
  // (options out)
  rbd_image_options_create: quick("buffer"),
  rbd_image_options_destroy: quick("u64"),
  // (options, option, value)
  rbd_image_options_set_uint64: { parameters: ["u64", "i32", "u64"], result: "i32" },
  // (pool, name, whether there is one out)
  rbd_namespace_exists: slow("u64", "buffer", "buffer"),
  // (pool, name, size, options)
  rbd_create4: slow("u64", "buffer", "u64", "u64"),
  // (parent's pool, its name, its snapshot, pool, name, options)
  rbd_clone3: slow("u64", "buffer", "buffer", "u64", "buffer", "u64"),
  // (pool, C strings out, length in and out)
  rbd_list: slow("u64", "buffer", "buffer"),
  rbd_remove: slow("u64", "buffer"),
  // (pool, name, new name)
  rbd_rename: slow("u64", "buffer", "buffer"),
  // (pool, id, whether to ignore the time that it must stay)
  rbd_trash_remove: slow("u64", "buffer", "u8"),
  // (pool, name, seconds that it must stay)
  rbd_trash_move: slow("u64", "buffer", "u64"),
  // (pool, name, image out, snapshot or null)
  rbd_open: slow("u64", "buffer", "buffer", "buffer"),
  rbd_open_read_only: slow("u64", "buffer", "buffer", "buffer"),
  rbd_open_by_id: slow("u64", "buffer", "buffer", "buffer"),
  rbd_open_by_id_read_only: slow("u64", "buffer", "buffer", "buffer"),
  rbd_close: slow("u64"),
  // (image, info out, its length)
  rbd_stat: slow("u64", "buffer", "usize"),
  // (image, number out)
  rbd_get_features: slow("u64", "buffer"),
  rbd_get_flags: slow("u64", "buffer"),
  // (features, text out, length in and out)
  rbd_features_to_string: { parameters: ["u64", "buffer", "buffer"], result: "i32" },
  // (image, timespec out)
  rbd_get_modify_timestamp: slow("u64", "buffer"),
  // (image, text out, length)
  rbd_get_id: slow("u64", "buffer", "usize"),
  // (image, pool out, length, name out, length, snapshot out, length)
  rbd_get_parent_info: slow("u64", "buffer", "usize", "buffer", "usize", "buffer", "usize"),
  // (image, size)
  rbd_resize: slow("u64", "u64"),
  rbd_flush: slow("u64"),
  // (image, offset, length, bytes)
  rbd_read: sized("u64", "u64", "usize", "buffer"),
  rbd_write: sized("u64", "u64", "usize", "buffer"),
  // (from, to)
  rbd_copy2: slow("u64", "u64"),
  rbd_flatten: slow("u64"),
  // (image, snapshot)
  rbd_snap_create: slow("u64", "buffer"),
  rbd_snap_remove: slow("u64", "buffer"),
  rbd_snap_protect: slow("u64", "buffer"),
  rbd_snap_unprotect: slow("u64", "buffer"),
  // (image, snapshot, id out)
  rbd_snap_get_id: slow("u64", "buffer", "buffer"),
  // (image, snapshot's id, timespec out)
  rbd_snap_get_timestamp: slow("u64", "u64", "buffer"),
  // (image, infos out, count in and out)
  rbd_snap_list: slow("u64", "buffer", "buffer"),
  rbd_snap_list_end: quick("buffer"),
  // (image, watchers out, count in and out)
  rbd_watchers_list: slow("u64", "buffer", "buffer"),
  rbd_watchers_list_cleanup: quick("buffer", "usize"),
  // (image, children out, count in and out)
  rbd_list_children3: slow("u64", "buffer", "buffer"),
  // (image, key, value out, length in and out)
  rbd_metadata_get: slow("u64", "buffer", "buffer", "buffer"),
  // (image, info out, its length)
  rbd_get_group: slow("u64", "buffer", "usize"),
  rbd_group_info_cleanup: quick("buffer", "usize"),
  // (image, key)
  rbd_metadata_remove: slow("u64", "buffer"),
  // (image, key, value)
  rbd_metadata_set: slow("u64", "buffer", "buffer"),
} as const;

type Interface = typeof RADOS & typeof RBD;
/** The functions of both libraries. */
export type Calls = Deno.StaticForeignLibraryInterface<Interface>;
/** Names of the functions that return 0, a count or a negative errno. */
export type Fallible = {
  [N in keyof Interface]: Interface[N]["result"] extends "i32" | "isize" ? N : never;
}[keyof Interface];

/** What a function takes, its 64-bit numbers as plain ones, which Deno accepts. */
export type Arguments<N extends Fallible> = Numbers<Parameters<Calls[N]>>;
type Numbers<A extends unknown[]> = {
  [I in keyof A]: A[I] extends bigint ? number | bigint : A[I];
};

/** Where Linux distributions keep the libraries, for a permission that names their paths. */
const FOLDERS = [
  "",
  ...["x86_64", "aarch64"].map((cpu) => `/usr/lib/${cpu}-linux-gnu/`),
  "/usr/lib64/",
  "/usr/lib/",
];

/** Both libraries, loaded. */
export class Libraries implements Disposable {
  readonly #rados: Deno.DynamicLibrary<typeof RADOS>;
  readonly #rbd: Deno.DynamicLibrary<typeof RBD>;
  /** The arguments of calls that have not returned: Deno 2.7.1 frees the memory of a buffer that nothing holds. */
  readonly #inUse = new Set<readonly unknown[]>();
  /** The functions as they are. */
  readonly calls: Calls;

  /** Loads the libraries; throws `DriverLoadFailure` if they or the permission are missing. */
  constructor() {
    this.#rados = load("librados.so.2", RADOS);
    try {
      this.#rbd = load("librbd.so.1", RBD);
    } catch (error) {
      this.#rados.close();
      throw error;
    }
    this.calls = { ...this.#rados.symbols, ...this.#rbd.symbols };
  }

  /** Calls a function and resolves to what it returns; throws the error class of its errno. */
  async call<N extends Fallible>(name: N, ...args: Arguments<N>): Promise<number> {
    const result = await this.attempt(name, ...args);
    if (result < 0) throw errorOf(name, -result);
    return result;
  }

  /** Calls a function and resolves to what it returns, which is negative if it failed. */
  async attempt<N extends Fallible>(name: N, ...args: Arguments<N>): Promise<number> {
    const call = this.calls[name] as (...args: unknown[]) => unknown;
    this.#inUse.add(args);
    try {
      return Number(await call(...args));
    } finally {
      this.#inUse.delete(args);
    }
  }

  /**
   * Calls a function that fills an array of structures of `words` 64-bit words, with room enough.
   * Resolves to the array, which the function's own cleanup takes, and how many structures it holds.
   */
  async list(
    name: "rbd_snap_list" | "rbd_watchers_list",
    handle: Pointer,
    words: number,
  ): Promise<{ array: BigUint64Array<ArrayBuffer>; count: number }> {
    for (let room = 64;;) {
      const array = new BigUint64Array(room * words);
      const count = new Out(room);
      const result = await this.attempt(name, handle, bytesOf(array), count.bytes);
      if (result >= 0) return { array, count: name === "rbd_snap_list" ? result : count.number };
      if (result !== -ERRNO.ERANGE) throw errorOf(name, -result);
      room = count.number;
    }
  }

  /**
   * Sends a command in JSON to the monitors; resolves to what they print, or to `undefined` where they refuse
   * it or where Deno may use no pointers of its own, which takes `--allow-ffi` without a path.
   */
  async command(cluster: Pointer, command: string): Promise<Uint8Array | undefined> {
    if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
    const text = cString(command);
    const commands = BigUint64Array.of(Deno.UnsafePointer.value(Deno.UnsafePointer.of(text)));
    const [output, length, status, statusLength] = [new Out(), new Out(), new Out(), new Out()];
    const result = await this.attempt(
      "rados_mon_command",
      ...[cluster, bytesOf(commands), 1] as const,
      // An input of no bytes: the memory of the command is held as long as it is an argument.
      ...[text, 0, output.bytes, length.bytes, status.bytes, statusLength.bytes] as const,
    );
    try {
      const pointer = Deno.UnsafePointer.create(output.pointer);
      if (result < 0 || pointer === null) return undefined;
      return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, length.number)).slice();
    } finally {
      for (const { pointer } of [output, status]) this.calls.rados_buffer_free(pointer);
    }
  }

  /** Unloads the libraries, which nothing may use any more. */
  [Symbol.dispose](): void {
    this.#rbd.close();
    this.#rados.close();
  }
}

function load<S extends Deno.ForeignLibraryInterface>(
  file: string,
  symbols: S,
): Deno.DynamicLibrary<S> {
  if (!hasFfi()) {
    throw new DriverLoadFailure("the rbd driver calls librbd by FFI, which needs Deno");
  }
  let missing: unknown;
  for (const folder of FOLDERS) {
    const path = folder + file;
    const { state } = Deno.permissions.querySync({ name: "ffi", path });
    if (state !== "granted") continue;
    try {
      return Deno.dlopen(path, symbols);
    } catch (error) {
      missing ??= error;
    }
  }
  throw missing === undefined
    ? new DriverLoadFailure(`the rbd driver loads ${file}: allow it with --allow-ffi`)
    : new DriverLoadFailure(
      `the rbd driver needs ${file}: install librados2 and librbd1 (${(missing as Error).message})`,
      { cause: missing },
    );
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Returns a C string of a text; throws `Invalid` if the text holds a NUL, which would cut it short. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  if (text.includes("\0")) throw new Invalid("a name may not hold NUL");
  return encoder.encode(`${text}\0`);
}

/** Returns the text of a C string at the start of `bytes`. */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Returns the texts of C strings that follow one another. */
export function textsOf(bytes: Uint8Array): string[] {
  return decoder.decode(bytes).split("\0").filter(Boolean);
}

/** Texts as a method of Ceph's object classes takes them: each with its length before it. */
export function encoded(...texts: string[]): Uint8Array<ArrayBuffer> {
  const parts = texts.flatMap((text) => {
    const bytes = encoder.encode(text);
    return [...new Uint8Array(Uint32Array.of(bytes.length).buffer), ...bytes];
  });
  return Uint8Array.from(parts);
}

/** Returns the bytes of an array of numbers, as an argument. */
export function bytesOf(array: BigUint64Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(array.buffer);
}

/** Returns the time that a C `timespec` holds, to the second. */
export function timeOf(bytes: Uint8Array): Date {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return new Date(1000 * Number(view.getBigInt64(0, true)));
}

/** A place for one 64-bit number or pointer that a function writes. */
export class Out {
  readonly #value: BigUint64Array<ArrayBuffer>;
  /** The place itself, as an argument. */
  readonly bytes: Uint8Array<ArrayBuffer>;

  /** Makes a place that holds `value`. */
  constructor(value = 0) {
    this.#value = BigUint64Array.of(BigInt(value));
    this.bytes = new Uint8Array(this.#value.buffer);
  }

  /** What stands there as a number. */
  get number(): number {
    return Number(this.#value[0]);
  }

  /** What stands there as a handle. */
  get pointer(): Pointer {
    return this.#value[0]!;
  }
}
