/**
 * Digests by `node:crypto`, on the caller's own thread or on worker threads.
 *
 * @module
 */

import type { Hash } from "node:crypto";
import { type Algorithm, BackendUnavailable, type Engine } from "./engine.ts";
import { builtin } from "../../runtime/mod.ts";
import { ThreadDigests } from "./thread_digests.ts";

/**
 * Starts digests that `node:crypto` computes on the caller's thread.
 *
 * @param algorithms What to compute.
 * @returns The engine, to be fed with bytes.
 * @throws {BackendUnavailable} If the runtime has no `node:crypto`, or that lacks one of the algorithms.
 */
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

/**
 * Starts digests that `node:crypto` computes on worker threads.
 *
 * @param algorithms What to compute.
 * @returns The engine, to be fed with bytes.
 * @throws {BackendUnavailable} If the runtime has no threads, or lacks one of the algorithms.
 */
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
