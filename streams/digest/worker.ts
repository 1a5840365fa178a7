/**
 * The thread side of the worker backend: answers the pool's requests one by one, in order.
 *
 * @module
 */

import type { Hash } from "node:crypto";

/** What the pool asks of a thread; `id` names one digest of one image. */
export type Request =
  | { op: "begin"; id: number; algorithm: string }
  | { op: "update"; id: number; start: number; end: number }
  | { op: "digest"; id: number }
  | { op: "forget"; id: number };

/** The answer: the hex of a digest, nothing to all others, or what went wrong. */
export type Reply = string | undefined | Error;

/**
 * Serves the pool from a worker thread.
 *
 * It runs from its source text, and so uses nothing from outside itself: a thread started by URL
 * would need the read permission in Deno, and would not be found in a bundle.
 */
export function serve(): void {
  const { process } = globalThis as unknown as {
    process: { getBuiltinModule(name: string): unknown };
  };
  const { createHash } = process.getBuiltinModule("node:crypto") as {
    createHash(name: string): Hash;
  };
  const { parentPort, workerData } = process.getBuiltinModule("node:worker_threads") as {
    parentPort: {
      on(event: "message", listener: (request: Request) => void): void;
      postMessage(reply: Reply): void;
    };
    workerData: SharedArrayBuffer;
  };
  const ring = new Uint8Array(workerData);
  const hashes = new Map<number, Hash>();
  const answer = (request: Request): Reply => {
    const { id } = request;
    if (request.op === "begin") {
      hashes.set(id, createHash(request.algorithm));
    } else if (request.op === "update") {
      hashes.get(id)!.update(ring.subarray(request.start, request.end));
    } else if (request.op === "digest") {
      return hashes.get(id)!.digest("hex");
    } else {
      hashes.delete(id);
    }
  };
  parentPort.on("message", (request) => {
    let reply: Reply;
    try {
      reply = answer(request);
    } catch (error) {
      reply = error as Error;
    }
    parentPort.postMessage(reply);
  });
}
