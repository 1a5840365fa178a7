/**
 * Decompression by the engines of `node:zlib`.
 *
 * @module
 */
import type * as zlib from "node:zlib";
import { Invalid } from "../../errors/mod.ts";
import { builtin, runtimeName } from "../../runtime/mod.ts";
import { deferred } from "../deferred.ts";

/**
 * Returns `node:zlib`.
 *
 * @param name The name of the format that needs it, for the error.
 * @param functions The functions that are needed.
 * @returns The module.
 * @throws {Invalid} If the runtime has none, or not these functions; it names the runtime.
 */
export function requireZlib(
  name: string,
  functions: readonly (keyof typeof zlib)[],
): typeof zlib {
  const module = builtin("node:zlib");
  if (module && functions.every((one) => typeof module[one] === "function")) return module;
  throw new Invalid(`${runtimeName()} cannot unpack ${name}: it has no node:zlib that can`);
}

/** The size of an engine's buffers of unpacked bytes, which is its option `chunkSize`. */
export const OUTPUT = 262_144;

/** An engine of `node:zlib`, as far as it is used. */
export type ZlibEngine = zlib.InflateRaw | zlib.ZstdDecompress;

/**
 * Passes pieces through an engine, no more than fit its buffers at a time.
 *
 * @param engine The engine, with buffers of {@linkcode OUTPUT}. It is destroyed at the end.
 * @param pieces The packed bytes. They are not read on when the engine has come to its end.
 * @returns The unpacked bytes. Each chunk is lent until the next one is requested.
 */
export async function* runEngine(
  engine: ZlibEngine,
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let isOver = false;
  const over = deferred<void>();
  engine.once("end", over.resolve).once("close", over.resolve).once("error", over.resolve);
  const feed = async () => {
    try {
      for await (const piece of pieces) {
        const written = new Promise<void>((resolve) => void engine.write(piece, () => resolve()));
        await Promise.race([written, over.promise]);
        // An engine that ends within a piece does not call back.
        if (isOver || engine.readableEnded || engine.destroyed) return;
      }
      engine.end();
    } catch (error) {
      engine.destroy(error as Error);
    }
  };
  const feeding = feed();
  try {
    for await (const chunk of engine) {
      yield chunk;
      free(chunk);
    }
  } finally {
    isOver = true;
    over.resolve();
    engine.destroy();
    await feeding;
  }
}

/**
 * Frees the buffer of a chunk at once: as garbage, buffers would stand for tens of MiB before they are
 * collected. One that the chunk does not end is left, as the engine goes on there; so is one that is shared, as
 * those of small chunks are. Node 20 cannot free any.
 */
function free({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): void {
  const isEngines = buffer.byteLength >= OUTPUT;
  if (isEngines && byteOffset + byteLength === buffer.byteLength) buffer.transfer?.(0);
}
