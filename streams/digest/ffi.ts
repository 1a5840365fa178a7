/**
 * Digests by OpenSSL's libcrypto through Deno's FFI, one thread an algorithm.
 *
 * Only where the permission is granted already: nothing here makes Deno ask.
 *
 * @module
 */

import { encodeHex } from "../encoding.ts";
import { hasLinuxFfi } from "../../runtime/mod.ts";
import { type Algorithm, BackendUnavailable, type Engine } from "./engine.ts";
import { CHUNKS_BEFORE_THREADS, pool, SLOT_SIZE, type Thread } from "./threads.ts";

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
  if (!hasLinuxFfi()) {
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
  /** Our own thread. */
  #own: Thread | undefined;

  constructor({ symbols }: Library, context: Deno.PointerObject) {
    this.#lib = symbols;
    this.context = context;
  }

  /** Takes a thread of our own, and resolves once it has loaded the library. */
  async follow({ path }: Library): Promise<void> {
    const thread = this.#own = pool().assign();
    await thread.send({ op: "load", library: path });
  }

  /** Feeds bytes by a thread of Deno's. */
  feed(bytes: Uint8Array<ArrayBuffer>): Promise<unknown> {
    return this.#last = this.#last
      .then(() => this.#lib.updateOnThread(this.context, bytes, BigInt(bytes.length)))
      .then(check);
  }

  /** Feeds what is in the ring by our own thread, after all else. */
  async feedShared(start: number, end: number): Promise<void> {
    await this.#last;
    const context = Deno.UnsafePointer.value(this.context);
    await this.#own!.send({ op: "feed", context, start, end });
  }

  free(): void {
    this.#lib.EVP_MD_CTX_free(this.context);
    if (this.#own) this.#own.load--;
  }
}

class FfiEngine implements Engine {
  readonly #library = load();
  readonly #algorithms: readonly Algorithm[];
  #lanes: Lane[] = [];
  /** The bytes that threads are reading; held so that they cannot be collected meanwhile. */
  readonly #inUse = new Set<Uint8Array>();
  #chunks = 0;
  /** Whether every digest has a thread of our own that is ready. */
  #following = false;
  #copied: Promise<void> = Promise.resolve();
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
    if (++this.#chunks === CHUNKS_BEFORE_THREADS) this.#follow().catch(() => {});
    this.#inUse.add(bytes);
    const fed = this.#following
      ? await this.#share(bytes)
      : await Promise.allSettled(this.#lanes.map((lane) => lane.feed(bytes)));
    this.#inUse.delete(bytes);
    if (this.#closed) return this.#freeUnused();
    const failed = fed.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
  }

  /**
   * Goes on, as soon as there are some, on threads that take the next chunk from a queue. Deno's own
   * are handed it by the event loop, which on a busy machine comes late each time.
   */
  async #follow(): Promise<void> {
    // One by one: to start a thread stops the event loop, once a process and thread.
    for (const lane of this.#lanes) await lane.follow(this.#library);
    this.#following = true;
  }

  /**
   * Feeds bytes through the ring, a copy, since our threads hold it too: the caller's own memory may
   * be gone, with the program that ends or the worker that is terminated, while they still read.
   */
  async #share(bytes: Uint8Array): Promise<PromiseSettledResult<unknown>[]> {
    const { ring } = pool();
    const fed: Promise<unknown>[] = [];
    await (this.#copied = this.#copied.then(async () => {
      for (let at = 0; at < bytes.length && !this.#closed; at += SLOT_SIZE) {
        const start = await ring.take();
        const end = ring.fill(start, bytes.subarray(at, at + SLOT_SIZE));
        const readers = this.#lanes.map((lane) => lane.feedShared(start, end));
        Promise.allSettled(readers).then(() => ring.give(start));
        fed.push(...readers);
      }
    }));
    return await Promise.allSettled(fed);
  }

  digest(): string[] {
    // Two threads in one context would corrupt memory.
    if (this.#inUse.size > 0) throw new TypeError("an update is still under way");
    return this.#lanes.map(({ context }, index) => {
      const bytes = new Uint8Array(this.#algorithms[index]!.size);
      check(this.#library.symbols.EVP_DigestFinal_ex(context, bytes, null));
      return encodeHex(bytes);
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

/**
 * Starts digests that OpenSSL's libcrypto computes.
 *
 * @param algorithms What to compute.
 * @returns The engine, to be fed with bytes.
 * @throws {BackendUnavailable} If libcrypto cannot be loaded, or lacks one of the algorithms.
 */
export function openFfi(algorithms: readonly Algorithm[]): Engine {
  return new FfiEngine(algorithms);
}
