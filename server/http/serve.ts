/**
 * Serves the path tree with Deno.
 *
 * @module
 */
import { handler, type HandlerOptions } from "./mod.ts";
import type { Vfs } from "../../vfs/vfs.ts";

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
   * Waits until the requests under way are answered, at most `grace` milliseconds (10,000 by
   * default), and then breaks off what is left. Requests that come meanwhile are answered with 503.
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
  const handle = handler(vfs, rest);
  let underWay = 0;
  let idle: (() => void) | undefined;
  const done = () => {
    if (--underWay === 0) idle?.();
  };
  const abort = new AbortController();
  let stopping = false;
  const server = Deno.serve(
    {
      hostname,
      port,
      signal: abort.signal,
      onListen: () => {},
      // A body that failed was told to the handler's own `onError`; Deno would print its stack too.
      onError: () => new Response(null, { status: 500 }),
    },
    (request, { completed }) => {
      if (stopping) return new Response(null, { status: 503, headers: { connection: "close" } });
      underWay++;
      completed.then(done, done);
      return handle(request);
    },
  );
  // Not `server.shutdown`: once begun, it cannot be cut short.
  const stop = async (grace = 10_000) => {
    stopping = true;
    const timer = setTimeout(() => abort.abort(), grace);
    if (underWay > 0) {
      await Promise.race([new Promise<void>((resolve) => idle = resolve), server.finished]);
    }
    clearTimeout(timer);
    abort.abort();
    await server.finished;
  };
  const { hostname: host, port: free } = server.addr;
  return {
    url: new URL(`http://${host.includes(":") ? `[${host}]` : host}:${free}/`),
    finished: server.finished,
    stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}
