/**
 * Serves the path tree over HTTP on a TCP port, with Deno.
 *
 * @module
 */
import { visibleText } from "../../errors/visible_text.ts";
import type { Vfs } from "../../vfs/vfs.ts";
import type { HttpExchange } from "../http1/connection.ts";
import type { HttpRequest } from "../http1/exchange.ts";
import { connectionLimit } from "../http1/descriptors.ts";
import { listen, type ListenOptions, type RunningServer } from "../http1/listen.ts";
import { hostGuard } from "./host_guard.ts";
import { errorReply, statusReply } from "./reply.ts";
import { createResponder, type HandlerOptions } from "./responder.ts";

export type { ListenOptions, RunningServer } from "../http1/listen.ts";

/**
 * Options of {@linkcode serve}.
 *
 * Of `maxConnections`, one in 16 and at least 2 may be uploads, which take some MiB each. A further upload
 * gets 503 with `Retry-After`.
 */
export interface ServeOptions extends HandlerOptions, ListenOptions {
  /**
   * Names that requests may have as Host, beside loopback names and addresses; `*` for all. A server
   * on a loopback address refuses any other with 403, so that a page whose name leads to this machine
   * cannot read images (DNS rebinding). Default: none.
   */
  allowHosts?: readonly string[] | undefined;
  /** Called after each response, for a log. */
  onRequest?: ((entry: RequestLog) => void) | undefined;
}

/** A request that has been responded to. */
export interface RequestLog {
  /** When the response was complete. */
  time: Date;
  /** The address of the client. */
  client: string;
  /** The method; `-` where the request was not valid HTTP. */
  method: string;
  /**
   * Path and query, still percent-encoded and at most 1,024 characters long; `-` where the request was
   * not valid HTTP.
   */
  path: string;
  /** The status code of the response. */
  status: number;
  /** The number of bytes of the body that were sent. */
  bytes: number;
  /** How long the request took, in milliseconds. */
  duration: number;
  /** What went wrong, also what a listing left out; at most 16. */
  errors: readonly unknown[];
}

/** The longest path of a log line, in characters. */
const MAX_PATH = 1024;
/** An upload takes some MiB of buffers, so that at most one of this many connections may be one. */
const CONNECTIONS_PER_UPLOAD = 16;
/** The most errors of a log line. */
const MAX_ERRORS = 16;

/**
 * Serves a tree until it is stopped. It needs the permission to listen.
 *
 * @param vfs The tree. It is not closed with the server.
 * @param options Address, limits, who may read and write, and what to call.
 * @returns The server, which listens already.
 * @throws {Deno.errors.AddrInUse} If the port is in use.
 * @throws {Invalid} If an option is not valid.
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
  const { hostname = "127.0.0.1", allowHosts, onRequest, onError } = options;
  const errorsOf = new WeakMap<HttpRequest, unknown[]>();
  const report = (error: unknown, request: HttpRequest) => {
    const errors = errorsOf.get(request) ?? [];
    errorsOf.set(request, errors);
    if (errors.length < MAX_ERRORS) errors.push(error);
    onError?.(error, request);
  };
  const respond = createResponder(vfs, { ...options, onError: report });
  const isAllowed = hostGuard(hostname, allowHosts);
  const maxConnections = options.maxConnections ?? connectionLimit();
  const maxUploads = Math.max(2, Math.floor(maxConnections / CONNECTIONS_PER_UPLOAD));
  let uploads = 0;
  const upload = async (request: HttpRequest) => {
    if (uploads >= maxUploads) return statusReply(503, { "retry-after": "1" });
    uploads++;
    try {
      return await respond(request);
    } finally {
      uploads--;
    }
  };
  return listen({ ...options, maxConnections }, {
    handle: async (request) => {
      if (!isAllowed(request.headers.get("host"))) {
        return statusReply(403, {}, "the Host field is none of this server's names");
      }
      return request.body === null ? await respond(request) : await upload(request);
    },
    errorReply,
    onExchange: (exchange, client) => {
      const { request, error } = exchange;
      if (request && error !== undefined && !isDisconnect(error)) report(error, request);
      onRequest?.(logEntry(exchange, client, (request && errorsOf.get(request)) ?? []));
    },
    onError: (error) => onError?.(error, NO_REQUEST),
  });
}

/** Stands for a request where an error belongs to none. */
const NO_REQUEST = { method: "-", target: "-", headers: new Headers(), body: null };

function logEntry(
  { request, status, bytes, duration }: HttpExchange,
  client: string,
  errors: readonly unknown[],
): RequestLog {
  return {
    time: new Date(),
    client,
    method: visibleText(request?.method.slice(0, 32) ?? "-"),
    path: visibleText(request?.target.slice(0, MAX_PATH) ?? "-"),
    status,
    bytes,
    duration,
    errors,
  };
}

/** Returns whether an error says that the client has gone, or has been closed for doing nothing. */
function isDisconnect(error: unknown): boolean {
  return [
    "BrokenPipe",
    "ConnectionReset",
    "ConnectionAborted",
    "BadResource",
    "Interrupted",
    "NotConnected",
  ]
    .includes((error as Error | undefined)?.name ?? "");
}
