/**
 * Digests in plain JavaScript (@noble/hashes), for browsers and every other runtime that has
 * nothing faster; WebCrypto cannot digest a stream.
 *
 * @module
 */

import { blake2b } from "@noble/hashes/blake2.js";
import { md5, sha1 } from "@noble/hashes/legacy.js";
import { sha224, sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { sha3_256, sha3_512 } from "@noble/hashes/sha3.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { Algorithm, Engine } from "./engine.ts";

const HASHES = {
  md5,
  sha1,
  sha224,
  sha256,
  sha384,
  sha512,
  "sha3-256": sha3_256,
  "sha3-512": sha3_512,
  blake2b512: blake2b,
};

/**
 * Starts digests in JavaScript, which every runtime can compute.
 *
 * @param algorithms What to compute.
 * @returns The engine, to be fed with bytes.
 */
export function openPortable(algorithms: readonly Algorithm[]): Engine {
  const hashes = algorithms.map(({ node }) => HASHES[node as keyof typeof HASHES].create());
  return {
    update(chunk) {
      for (const hash of hashes) hash.update(chunk);
    },
    digest: () => hashes.map((hash) => bytesToHex(hash.digest())),
    close() {},
  };
}
