/**
 * What runs on a digest thread: it handles requests one by one, in order.
 *
 * @module
 */

import type { Hash } from "node:crypto";

/** A digest on its way: `Hash` of `node:crypto`, or the {@linkcode States} of a module of our own. */
interface Running<Result> {
  update(bytes: Uint8Array): unknown;
  digest(encoding?: "hex"): Result;
}

/** What {@linkcode openStates} goes on from. */
export interface StatesOptions {
  /** Exports `run(from, to)`, which feeds whole blocks, and `memory`, which begins with the states. */
  module: WebAssembly.Module;
  /** The states to go on from. */
  states: Uint8Array;
  /** Where in the memory there is space for what to feed. */
  space: number;
  /** What to write where into the states, each time that they are read. */
  restart: readonly { at: number; bytes: Uint8Array }[];
}

/**
 * The states of digests in WebAssembly; `update` takes whole blocks, `digest` gives the states, as often
 * as it is called, and restarts those of parts.
 */
export type States = Running<Uint8Array>;

/**
 * Goes on with digests from their states. It uses nothing from outside itself, as threads run it from its source
 * too.
 *
 * @param options The module, the states, and where its memory has room.
 * @returns The running digests.
 */
export function openStates({ module, states, space, restart }: StatesOptions): States {
  const { run, memory } = new WebAssembly.Instance(module).exports as {
    run(from: number, to: number): void;
    memory: WebAssembly.Memory;
  };
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(states);
  const most = bytes.length - space;
  return {
    update(chunk) {
      for (let at = 0; at < chunk.length; at += most) {
        const piece = chunk.subarray(at, at + most);
        bytes.set(piece, space);
        run(space, space + piece.length);
      }
    },
    digest() {
      const given = bytes.slice(0, states.length);
      for (const { at, bytes: initial } of restart) bytes.set(initial, at);
      return given;
    },
  };
}

/**
 * A request to a thread. `id` names one digest of one image, by `node:crypto` or in WebAssembly;
 * `load` and `feed` are for OpenSSL's libcrypto, whose contexts, given by their address, the sender makes.
 */
export type Request =
  | { op: "begin"; id: number; by: string | StatesOptions }
  | { op: "update"; id: number; start: number; end: number }
  | { op: "digest"; id: number }
  | { op: "forget"; id: number }
  | { op: "load"; library: string }
  | { op: "feed"; context: bigint; start: number; end: number };

/** The response: the hex of a digest or its states, nothing to all others, or what went wrong. */
export type Reply = string | Uint8Array | undefined | Error;

/**
 * Handles the requests that come to a worker thread.
 *
 * It runs from its source text, and so uses nothing from outside itself: a thread started by URL
 * would need the read permission in Deno, and would not be found in a bundle.
 *
 * @param open Goes on from states: {@linkcode openStates}.
 */
export function serve(open: typeof openStates): void {
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
  const hashes = new Map<number, Running<string | Uint8Array>>();
  const load = (library: string) =>
    Deno.dlopen(library, {
      EVP_DigestUpdate: { parameters: ["usize", "buffer", "usize"], result: "i32" },
    }).symbols;
  let libcrypto: ReturnType<typeof load> | undefined;
  const handle = (request: Request): Reply => {
    switch (request.op) {
      case "begin":
        hashes.set(
          request.id,
          typeof request.by === "string" ? createHash(request.by) : open(request.by),
        );
        return;
      case "update":
        hashes.get(request.id)!.update(ring.subarray(request.start, request.end));
        return;
      case "digest":
        return hashes.get(request.id)!.digest("hex");
      case "forget":
        hashes.delete(request.id);
        return;
      case "load":
        libcrypto ??= load(request.library);
        return;
      case "feed": {
        const { context, start, end } = request;
        const bytes = ring.subarray(start, end);
        if (libcrypto!.EVP_DigestUpdate(context, bytes, BigInt(bytes.length)) === 1) return;
        throw new Error("libcrypto failed to digest");
      }
    }
  };
  parentPort.on("message", (request) => {
    let reply: Reply;
    try {
      reply = handle(request);
    } catch (error) {
      reply = error as Error;
    }
    parentPort.postMessage(reply);
  });
}
