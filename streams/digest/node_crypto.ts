/**
 * Digests by `node:crypto`, on the caller's own thread or on worker threads.
 *
 * @module
 */

import type { Hash } from "node:crypto";
import { type Algorithm, BackendUnavailable, type Engine } from "./engine.ts";
import { builtin } from "../../runtime/mod.ts";
import { ThreadDigests } from "./thread_digests.ts";

/** Starts the digests, where the runtime's `node:crypto` has all of the algorithms. */
export function openInline(algorithms: readonly Algorithm[]): Engine {
  const crypto = builtin("node:crypto");
  if (typeof crypto?.createHash !== "function") {
    throw new BackendUnavailable("this runtime has no node:crypto");
  }
  const hashes = algorithms.map(({ node }): Hash => {
    try {
      return crypto.createHash(node);
    } catch (cause) {
      throw new BackendUnavailable(`node:crypto has no ${node} here`, { cause });
    }
  });
  return {
    update(chunk) {
      for (const hash of hashes) hash.update(chunk);
    },
    digest: () => hashes.map((hash) => hash.digest("hex")),
    close() {},
  };
}

/** Starts the digests, where the runtime has threads. */
export async function openPool(algorithms: readonly Algorithm[]): Promise<Engine> {
  openInline(algorithms);
  let digests: ThreadDigests | undefined;
  try {
    digests = new ThreadDigests();
    await digests.start(algorithms.length);
    await digests.begin(algorithms.map(({ node }) => node));
  } catch (cause) {
    digests?.close();
    throw new BackendUnavailable("this runtime starts no threads", { cause });
  }
  return digests as ThreadDigests & { digest(): Promise<string[]> };
}
