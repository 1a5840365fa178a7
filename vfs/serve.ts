/**
 * Serves the path tree with Deno.
 *
 * @module
 */
import { handler, type HandlerOptions } from "./handler/mod.ts";
import type { Vfs } from "./vfs.ts";

/** Options of {@linkcode serve}. */
export interface ServeOptions extends HandlerOptions {
  /** Address to listen on; `127.0.0.1` by default, so that only this machine is served. */
  hostname?: string | undefined;
  /** Port to listen on; 0, the default, takes a free one. */
  port?: number | undefined;
}

/** A server that is running. */
export interface RunningServer extends AsyncDisposable {
  /** Where it answers. */
  readonly url: URL;
  /** Settles when it has stopped. */
  readonly finished: Promise<void>;
  /**
   * Takes no more requests, waits until those under way are answered, at most `grace` milliseconds
   * (10,000 by default), and then breaks what is left off.
   */
  stop(grace?: number): Promise<void>;
}

/**
 * Serves a tree until it is stopped. Needs the permission to listen.
 *
 * @example Serving until somebody interrupts
 * ```ts
 * import type { Vfs } from "@vitrine/vitrine";
 * import { serve } from "@vitrine/vitrine/serve";
 *
 * async function main(vfs: Vfs) {
 *   const server = serve(vfs, { port: 8080 });
 *   Deno.addSignalListener("SIGINT", () => server.stop());
 *   await server.finished;
 * }
 * ```
 */
export function serve(vfs: Vfs, options: ServeOptions = {}): RunningServer {
  const { hostname = "127.0.0.1", port = 0, ...rest } = options;
  const abort = new AbortController();
  const server = Deno.serve(
    { hostname, port, signal: abort.signal, onListen: () => {} },
    handler(vfs, rest),
  );
  const host = server.addr.hostname.includes(":")
    ? `[${server.addr.hostname}]`
    : server.addr.hostname;
  const stop = async (grace = 10_000) => {
    const timer = setTimeout(() => abort.abort(), grace);
    try {
      await server.shutdown();
      await server.finished;
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    url: new URL(`http://${host}:${server.addr.port}/`),
    finished: server.finished,
    stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}
