/**
 * What an engine of the digests implements: the algorithms, under the names that each library has for
 * them, and the computing, without names and state.
 *
 * @module
 */

/** One algorithm under every name that it goes by. */
export interface Algorithm {
  /** Name in `node:crypto`. */
  readonly node: string;
  /** Name in OpenSSL 3's `EVP_MD_fetch`. */
  readonly openssl: string;
  /** Length of the digest in bytes. */
  readonly size: number;
}

const SHA3_256: Algorithm = { node: "sha3-256", openssl: "SHA3-256", size: 32 };
const SHA3_512: Algorithm = { node: "sha3-512", openssl: "SHA3-512", size: 64 };

/** The known algorithms by glance's name; Python's hashlib spells two of them with `_`. */
export const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map([
  ["md5", { node: "md5", openssl: "MD5", size: 16 }],
  ["sha1", { node: "sha1", openssl: "SHA1", size: 20 }],
  ["sha224", { node: "sha224", openssl: "SHA2-224", size: 28 }],
  ["sha256", { node: "sha256", openssl: "SHA2-256", size: 32 }],
  ["sha384", { node: "sha384", openssl: "SHA2-384", size: 48 }],
  ["sha512", { node: "sha512", openssl: "SHA2-512", size: 64 }],
  ["sha3-256", SHA3_256],
  ["sha3_256", SHA3_256],
  ["sha3-512", SHA3_512],
  ["sha3_512", SHA3_512],
  ["blake2b", { node: "blake2b512", openssl: "BLAKE2B-512", size: 64 }],
]);

/** Digests being computed by one backend; called in order, nothing after `close`. */
export interface Engine {
  /**
   * Feeds bytes. The next ones may come before the promise settles, `digest` may not.
   *
   * @param chunk The bytes. They are lent until the call returns or its promise settles.
   * @returns Nothing, or a promise that settles when the bytes are not needed any more.
   */
  update(chunk: Uint8Array): Promise<void> | void;
  /**
   * Ends a part. Only engines that compute md5 of parts have it; such parts have a multiple of
   * {@linkcode PART_BLOCK} bytes.
   *
   * @returns The md5 of the bytes since the last part ended, in lower-case hex.
   */
  endPart?(): Promise<string>;
  /**
   * Ends the computation.
   *
   * @returns The digests in lower-case hex, in the order of the algorithms.
   */
  digest(): Promise<string[]> | string[];
  /** Frees what is held, at any moment; an update under way still settles, without an error. */
  close(): void;
}

/** What the size of parts is a multiple of, in bytes. */
export const PART_BLOCK = 128;

/** Starts a backend, or throws {@linkcode BackendUnavailable} where this runtime has none. */
export type OpenEngine = (algorithms: readonly Algorithm[]) => Promise<Engine> | Engine;

/** The backend cannot run here, or not these algorithms; another one may. */
export class BackendUnavailable extends Error {
  /** The class's name, which survives minification. */
  override readonly name: string = "BackendUnavailable";
}
