/**
 * Running digests over an image's bytes, computed beside the transfer by the fastest means that
 * the runtime and its permissions offer.
 *
 * @module
 */

import { UnknownHashingAlgo } from "../../errors/mod.ts";
import {
  type Algorithm,
  ALGORITHMS,
  BackendUnavailable,
  type Engine,
  type OpenEngine,
  PART_BLOCK,
} from "./engine.ts";

export { BackendUnavailable };

/** Running digests over one image's bytes. */
export interface Digests {
  /** Names of the algorithms, as given. */
  readonly algorithms: readonly string[];
  /**
   * Feeds the next bytes. The next chunk may come before the promise settles: an algorithm that has a chunk at
   * hand does not wait for the others.
   *
   * @param chunk The bytes. They are lent until the call returns or its promise settles.
   * @returns Nothing, or a promise that settles when the bytes may be changed again.
   */
  update(chunk: Uint8Array): Promise<void> | void;
  /**
   * Ends a part, and resolves to the md5 of the bytes since the last one ended, in lower-case hex. Only
   * where `partSize` was given and the backend does it along with the rest.
   */
  readonly endPart?: (() => Promise<string>) | undefined;
  /**
   * Ends the computation. All updates must have settled.
   *
   * @returns The digests in lower-case hex, by the names of the algorithms.
   */
  digest(): Promise<Record<string, string>>;
  /**
   * Releases threads and handles; safe to call twice and at any moment, also with an update in
   * flight, which then still settles. After it `digest` throws.
   */
  close(): void;
}

/**
 * How digests are computed: `ffi` by OpenSSL's libcrypto on threads, `wasm` md5 and sha512 in one pass,
 * on a thread where there is one, `worker` by `node:crypto` on worker threads, `inline` by `node:crypto`
 * on the caller's thread, `portable` in JavaScript.
 */
export type DigestBackend = "ffi" | "wasm" | "worker" | "inline" | "portable";

const BACKENDS: Record<DigestBackend, () => Promise<OpenEngine>> = {
  ffi: async () => (await import("./ffi.ts")).openFfi,
  wasm: async () => (await import("./wasm/mod.ts")).openWasm,
  worker: async () => (await import("./node_crypto.ts")).openPool,
  inline: async () => (await import("./node_crypto.ts")).openInline,
  portable: async () => (await import("./portable.ts")).openPortable,
};

/** Below this many bytes an image is digested sooner than threads are started or code is made for it. */
const LARGE = 8 * 1024 * 1024;

/** Up to this many bytes the digests themselves take less time than a context in another library. */
const TINY = 16 * 1024;

/** The backends that have been loaded: an `import()` takes as long as the digests of a small image. */
const loaded = new Map<DigestBackend, OpenEngine>();

/** The engine of an empty list of algorithms. */
const NOTHING: Engine = { update() {}, digest: () => [], close() {} };

/** Names and state around an engine. */
class RunningDigests implements Digests {
  readonly algorithms: readonly string[];
  readonly endPart: (() => Promise<string>) | undefined;
  readonly #places: readonly number[];
  readonly #engine: Engine;
  #over = false;

  /** `places` says for each name which of the engine's digests is its own. */
  constructor(
    algorithms: readonly string[],
    places: readonly number[],
    engine: Engine,
    hasParts: boolean,
  ) {
    this.algorithms = algorithms;
    this.endPart = hasParts ? engine.endPart?.bind(engine) : undefined;
    this.#places = places;
    this.#engine = engine;
  }

  update(chunk: Uint8Array): Promise<void> | void {
    if (this.#over) throw new TypeError("the digests are closed");
    return this.#engine.update(chunk);
  }

  async digest(): Promise<Record<string, string>> {
    if (this.#over) throw new TypeError("the digests are closed");
    this.#over = true;
    try {
      const hex = await this.#engine.digest();
      return Object.fromEntries(
        this.algorithms.map((name, index) => [name, hex[this.#places[index]!]!]),
      );
    } finally {
      this.#engine.close();
    }
  }

  close(): void {
    this.#over = true;
    this.#engine.close();
  }
}

/** How {@linkcode createDigests} computes. */
export interface DigestOptions {
  /** This backend or none; without it, the fastest that the runtime and its permissions allow. */
  backend?: DigestBackend | undefined;
  /** The image's size in bytes, where known. */
  sizeHint?: number | undefined;
  /** Size in bytes of the parts whose md5 is wanted too, if that costs little. */
  partSize?: number | undefined;
}

/**
 * Starts digests over one image's bytes.
 *
 * Nothing asks for a permission: `ffi` is used where `--allow-ffi` is granted already. Every
 * `createDigests` is paired with a `digest` or a `close`.
 *
 * @param algorithms Names that {@linkcode isKnownAlgorithm} accepts; none is legal.
 * @param options How large the image is, if it is known, and which backend to use.
 * @returns What to feed with the bytes of the image.
 * @throws {UnknownHashingAlgo} If a name is not known.
 * @throws {BackendUnavailable} If `options.backend` cannot run here.
 */
export async function createDigests(
  algorithms: readonly string[],
  options: DigestOptions = {},
): Promise<Digests> {
  const wanted = algorithms.map((name) => {
    const algorithm = ALGORITHMS.get(name);
    if (algorithm) return algorithm;
    throw new UnknownHashingAlgo(`unknown hashing algorithm ${JSON.stringify(name)}`);
  });
  const order = [...new Set(wanted)];
  const { partSize = NaN } = options;
  const hasParts = partSize % PART_BLOCK === 0;
  const engine = order.length ? await open(order, options, hasParts) : NOTHING;
  const places = wanted.map((one) => order.indexOf(one));
  return new RunningDigests([...algorithms], places, engine, hasParts);
}

async function open(
  algorithms: readonly Algorithm[],
  { backend, sizeHint = Infinity }: DigestOptions,
  hasParts: boolean,
): Promise<Engine> {
  if (backend) return (await load(backend))(algorithms);
  const candidates = sizeHint <= TINY
    ? ["inline", "ffi", "wasm"] as const
    : sizeHint < LARGE
    ? ["ffi", "inline", "wasm"] as const
    : hasParts
    ? ["wasm", "ffi", "worker", "inline"] as const
    : ["ffi", "wasm", "worker", "inline"] as const;
  for (const candidate of candidates) {
    try {
      return await (loaded.get(candidate) ?? await load(candidate))(algorithms);
    } catch (error) {
      if (!(error instanceof BackendUnavailable)) throw error;
    }
  }
  return (await load("portable"))(algorithms);
}

async function load(backend: DigestBackend): Promise<OpenEngine> {
  const openEngine = await BACKENDS[backend]();
  loaded.set(backend, openEngine);
  return openEngine;
}

/**
 * Returns whether digests of that name can be computed: md5, sha1, sha224, sha256, sha384, sha512,
 * sha3-256, sha3-512 (also in hashlib's spelling with `_`) or blake2b, in lower case.
 *
 * @param name How the algorithm is called in a configuration or beside an image.
 * @returns `true` if they can.
 */
export function isKnownAlgorithm(name: string): boolean {
  return ALGORITHMS.has(name);
}
