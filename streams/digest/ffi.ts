/**
 * Digests by OpenSSL's libcrypto through Deno's FFI, one thread an algorithm, straight from the
 * caller's bytes.
 *
 * Only where the permission is granted already: nothing here makes Deno ask.
 *
 * @module
 */

import type { Algorithm } from "./algorithms.ts";
import { BackendUnavailable, type Engine } from "./engine.ts";
import { pool, type Thread } from "./threads.ts";
import type { Request } from "./worker.ts";

/** From docs.openssl.org/3.0/man3/EVP_DigestInit. */
const SYMBOLS = {
  EVP_MD_fetch: { parameters: ["pointer", "buffer", "pointer"], result: "pointer" },
  EVP_MD_free: { parameters: ["pointer"], result: "void" },
  EVP_MD_CTX_new: { parameters: [], result: "pointer" },
  EVP_MD_CTX_free: { parameters: ["pointer"], result: "void" },
  EVP_DigestInit_ex: { parameters: ["pointer", "pointer", "pointer"], result: "i32" },
  EVP_DigestUpdate: { parameters: ["pointer", "buffer", "usize"], result: "i32" },
  updateOnThread: {
    name: "EVP_DigestUpdate",
    parameters: ["pointer", "buffer", "usize"],
    result: "i32",
    nonblocking: true,
  },
  EVP_DigestFinal_ex: { parameters: ["pointer", "buffer", "pointer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

type Libcrypto = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** The library, and where it was found. */
interface Library {
  symbols: Libcrypto;
  path: string;
}

const NAME = "libcrypto.so.3";

/**
 * Where distributions keep it. Unless the permission is granted in full, Deno takes a bare name for
 * a file of the working directory, so then only these are tried.
 */
const FOLDERS = [
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/usr/lib64",
  "/usr/lib",
  "/lib",
];

/** Up to this many bytes the digests are done sooner than threads are woken for them. */
const INLINE_LIMIT = 256 * 1024;

/** Loaded once and kept, which Deno's resource sanitizer reports of the test that came first. */
let libcrypto: Library | undefined;

function load(): Library {
  if (libcrypto) return libcrypto;
  if (typeof Deno === "undefined" || Deno.build.os !== "linux" || !Deno.dlopen) {
    throw new BackendUnavailable("this runtime has no FFI to libcrypto");
  }
  const { state, partial } = Deno.permissions.querySync({ name: "ffi" });
  const paths = state === "granted" && !partial
    ? [NAME]
    : FOLDERS.map((folder) => `${folder}/${NAME}`).filter((path) =>
      Deno.permissions.querySync({ name: "ffi", path }).state === "granted"
    );
  let cause: unknown;
  for (const path of paths) {
    try {
      return libcrypto = { symbols: Deno.dlopen(path, SYMBOLS).symbols, path };
    } catch (error) {
      cause = error;
    }
  }
  throw new BackendUnavailable(
    paths.length ? `${NAME} cannot be loaded` : "the FFI permission is not granted",
    { cause },
  );
}

function begin(lib: Libcrypto, { openssl }: Algorithm): Deno.PointerObject {
  const md = lib.EVP_MD_fetch(null, new TextEncoder().encode(`${openssl}\0`), null);
  const context = lib.EVP_MD_CTX_new();
  const begun = context !== null && md !== null && lib.EVP_DigestInit_ex(context, md, null) === 1;
  lib.EVP_MD_free(md);
  if (begun) return context;
  lib.EVP_MD_CTX_free(context);
  throw new BackendUnavailable(`libcrypto has no ${openssl} here`);
}

/** One digest, fed in order. */
class Lane {
  readonly context: Deno.PointerObject;
  readonly #lib: Libcrypto;
  /** The last update by a thread of Deno's. */
  #last: Promise<unknown> = Promise.resolve();
  /** Our own thread, once it has loaded the library. */
  #own: Thread | undefined;
  #release: (() => void) | undefined;

  constructor({ symbols }: Library, context: Deno.PointerObject) {
    this.#lib = symbols;
    this.context = context;
  }

  /**
   * Goes on, as soon as there is one, on a thread that takes the next chunk from a queue. Deno's own
   * are handed it by the event loop, which on a busy machine comes late each time.
   */
  async follow({ path }: Library): Promise<void> {
    const thread = pool().assign();
    this.#release = () => thread.load--;
    await thread.ask({ op: "load", library: path });
    this.#own = thread;
  }

  feed(bytes: Uint8Array<ArrayBuffer>): Promise<unknown> {
    const { context } = this;
    const own = this.#own;
    if (own) return this.#last.then(() => own.ask(feeding(context, bytes)));
    return this.#last = this.#last
      .then(() => this.#lib.updateOnThread(context, bytes, BigInt(bytes.length)))
      .then(check);
  }

  free(): void {
    this.#lib.EVP_MD_CTX_free(this.context);
    this.#release?.();
  }
}

function feeding(context: Deno.PointerObject, bytes: Uint8Array<ArrayBuffer>): Request {
  return {
    op: "feed",
    context: Deno.UnsafePointer.value(context),
    bytes: Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)),
    length: bytes.length,
  };
}

class FfiEngine implements Engine {
  readonly #library = load();
  readonly #algorithms: readonly Algorithm[];
  #lanes: Lane[] = [];
  /** The bytes that threads are reading; held so that they cannot be collected meanwhile. */
  readonly #inUse = new Set<Uint8Array>();
  #chunks = 0;
  #closed = false;

  constructor(algorithms: readonly Algorithm[]) {
    this.#algorithms = algorithms;
    try {
      for (const algorithm of algorithms) {
        this.#lanes.push(new Lane(this.#library, begin(this.#library.symbols, algorithm)));
      }
    } catch (error) {
      this.#free();
      throw error;
    }
  }

  update(chunk: Uint8Array): Promise<void> | void {
    if (chunk.length === 0) return;
    // Another object a call: the same bytes may come twice.
    const bytes = chunk.subarray() as Uint8Array<ArrayBuffer>;
    if (bytes.length > INLINE_LIMIT || this.#inUse.size > 0) return this.#updateOnThreads(bytes);
    for (const { context } of this.#lanes) {
      check(this.#library.symbols.EVP_DigestUpdate(context, bytes, BigInt(bytes.length)));
    }
  }

  async #updateOnThreads(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    // For an image of one chunk no thread is worth its start.
    if (++this.#chunks === 2) {
      for (const lane of this.#lanes) lane.follow(this.#library).catch(() => {});
    }
    this.#inUse.add(bytes);
    const results = await Promise.allSettled(this.#lanes.map((lane) => lane.feed(bytes)));
    this.#inUse.delete(bytes);
    if (this.#closed) return this.#freeUnused();
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
  }

  digest(): string[] {
    // Two threads in one context would corrupt memory.
    if (this.#inUse.size > 0) throw new TypeError("an update is still under way");
    return this.#lanes.map(({ context }, index) => {
      const bytes = new Uint8Array(this.#algorithms[index]!.size);
      check(this.#library.symbols.EVP_DigestFinal_ex(context, bytes, null));
      return bytes.toHex();
    });
  }

  close(): void {
    this.#closed = true;
    this.#freeUnused();
  }

  #freeUnused(): void {
    if (this.#inUse.size === 0) this.#free();
  }

  #free(): void {
    for (const lane of this.#lanes) lane.free();
    this.#lanes = [];
  }
}

function check(result: number): void {
  if (result !== 1) throw new Error("libcrypto failed to digest");
}

/** Starts the digests, where libcrypto can be loaded and has all of the algorithms. */
export function openFfi(algorithms: readonly Algorithm[]): Engine {
  return new FfiEngine(algorithms);
}
