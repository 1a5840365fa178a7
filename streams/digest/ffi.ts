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
let libcrypto: Libcrypto | undefined;

function load(): Libcrypto {
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
      return libcrypto = Deno.dlopen(path, SYMBOLS).symbols;
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

class FfiEngine implements Engine {
  readonly #lib = load();
  readonly #algorithms: readonly Algorithm[];
  #contexts: Deno.PointerObject[] = [];
  /** The bytes that threads are reading; held so that they cannot be collected meanwhile. */
  #inUse: Uint8Array<ArrayBuffer> | undefined;
  #closed = false;

  constructor(algorithms: readonly Algorithm[]) {
    this.#algorithms = algorithms;
    try {
      for (const algorithm of algorithms) this.#contexts.push(begin(this.#lib, algorithm));
    } catch (error) {
      this.#free();
      throw error;
    }
  }

  update(chunk: Uint8Array): Promise<void> | void {
    this.#refuseOverlap();
    const bytes = chunk as Uint8Array<ArrayBuffer>;
    if (bytes.length > INLINE_LIMIT) return this.#updateOnThreads(bytes);
    if (bytes.length === 0) return;
    for (const context of this.#contexts) {
      check(this.#lib.EVP_DigestUpdate(context, bytes, BigInt(bytes.length)));
    }
  }

  async #updateOnThreads(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#inUse = bytes;
    const results = await Promise.all(
      this.#contexts.map((context) =>
        this.#lib.updateOnThread(context, bytes, BigInt(bytes.length))
      ),
    );
    this.#inUse = undefined;
    if (this.#closed) return this.#free();
    results.forEach(check);
  }

  digest(): string[] {
    this.#refuseOverlap();
    return this.#contexts.map((context, index) => {
      const bytes = new Uint8Array(this.#algorithms[index]!.size);
      check(this.#lib.EVP_DigestFinal_ex(context, bytes, null));
      return bytes.toHex();
    });
  }

  close(): void {
    this.#closed = true;
    if (!this.#inUse) this.#free();
  }

  /** Two threads in one context would corrupt memory. */
  #refuseOverlap(): void {
    if (this.#inUse) throw new TypeError("an update is still under way");
  }

  #free(): void {
    for (const context of this.#contexts) this.#lib.EVP_MD_CTX_free(context);
    this.#contexts = [];
  }
}

function check(result: number): void {
  if (result !== 1) throw new Error("libcrypto failed to digest");
}

/** Starts the digests, where libcrypto can be loaded and has all of the algorithms. */
export function openFfi(algorithms: readonly Algorithm[]): Engine {
  return new FfiEngine(algorithms);
}
