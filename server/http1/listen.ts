/**
 * An HTTP/1.1 server on a TCP port, with limits for everything that a client can hold.
 *
 * `Deno.serve` has no limits of its own, and ends when the process runs out of descriptors. This server
 * has a limit of connections below that of descriptors, closes what stalls, and sends from buffers that
 * it reuses, which is also faster.
 *
 * @module
 */
import { delay } from "../../streams/abort.ts";
import { Activities } from "./activity.ts";
import { type ConnectionCallbacks, type HttpExchange, serveConnection } from "./connection.ts";
import { connectionLimit } from "./descriptors.ts";
import type { HttpReply, HttpRequest } from "./exchange.ts";

/** Options of {@linkcode listen}. */
export interface ListenOptions {
  /** The address to listen on. Default: `127.0.0.1`, which serves this machine only. */
  hostname?: string | undefined;
  /** The port to listen on. Default: 0, which takes a free one. */
  port?: number | undefined;
  /**
   * The most connections at a time. A new one takes the place of one that is idle or has stalled, or
   * waits. Default: half of the descriptors that the process may open, at most 1024.
   */
  maxConnections?: number | undefined;
  /** How long the head of a request may take, in milliseconds. Default: 10,000. */
  headersTimeout?: number | undefined;
  /** How long a connection may wait for a request, in milliseconds. Default: 60,000. */
  idleTimeout?: number | undefined;
  /**
   * How long a client may receive nothing of a response, or send nothing of a body, in milliseconds.
   * Default: 60,000.
   */
  stallTimeout?: number | undefined;
}

/** A server that is running. */
export interface RunningServer extends AsyncDisposable {
  /** The URL of the server. */
  readonly url: URL;
  /** Settles when the server has stopped. */
  readonly finished: Promise<void>;
  /**
   * Stops the server. It waits until the requests under way are done, and responds with 503 to new
   * ones.
   *
   * @param grace How long to wait, in milliseconds; then what is left is broken off. Default: 10,000.
   */
  stop(grace?: number): Promise<void>;
}

/** What a server calls. */
export interface ServerCallbacks extends Pick<ConnectionCallbacks, "handle" | "errorReply"> {
  /**
   * Counts or logs an exchange. Called after each response.
   *
   * @param exchange The request, the status code and the number of bytes sent.
   * @param client The address of the client.
   */
  onExchange(exchange: HttpExchange, client: string): void;
  /**
   * Receives errors of no request, such as a connection that cannot be accepted.
   *
   * @param error What went wrong. The server goes on.
   */
  onError(error: unknown): void;
}

/** How long the server waits after a connection that could not be accepted, in milliseconds. */
const ACCEPT_PAUSE = 100;
/** How long a client may go on sending after it was refused, in milliseconds. */
const CLOSING = 2000;

/**
 * Listens on a TCP port. It needs the permission to do so.
 *
 * @param options Address, port and limits.
 * @param callbacks What to call.
 * @returns The server.
 * @throws {Deno.errors.AddrInUse} If the port is in use.
 */
export function listen(options: ListenOptions, callbacks: ServerCallbacks): RunningServer {
  const { hostname = "127.0.0.1", port = 0 } = options;
  const listener = Deno.listen({ hostname, port });
  const server = new Server(listener, options, callbacks);
  const { hostname: host, port: free } = listener.addr;
  return {
    url: new URL(`http://${host.includes(":") ? `[${host}]` : host}:${free}/`),
    finished: server.run(),
    stop: (grace) => server.stop(grace),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

class Server {
  readonly #listener: Deno.TcpListener;
  readonly #callbacks: ServerCallbacks;
  readonly #activities: Activities;
  readonly #abort = new AbortController();
  readonly #connections = new Set<Promise<void>>();
  #isStopping = false;
  #underWay = 0;
  #onDone: (() => void) | undefined;

  constructor(listener: Deno.TcpListener, options: ListenOptions, callbacks: ServerCallbacks) {
    const { headersTimeout = 10_000, idleTimeout = 60_000, stallTimeout = 60_000 } = options;
    this.#listener = listener;
    this.#callbacks = callbacks;
    this.#activities = new Activities(options.maxConnections ?? connectionLimit(), {
      new: idleTimeout,
      idle: idleTimeout,
      head: headersTimeout,
      receiving: stallTimeout,
      // The store has timeouts of its own.
      working: Infinity,
      sending: stallTimeout,
      closing: Math.min(CLOSING, stallTimeout),
    });
  }

  /** Accepts connections until the server is stopped. */
  async run(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      let connection: Deno.TcpConn;
      try {
        connection = await this.#listener.accept();
      } catch (error) {
        if (signal.aborted) break;
        // Most likely there are no descriptors left. Connections that end free some.
        this.#callbacks.onError(error);
        this.#activities.closeAll(true);
        await delay(ACCEPT_PAUSE, undefined);
        continue;
      }
      await this.#activities.makeRoom(signal);
      if (signal.aborted) {
        connection.close();
        break;
      }
      const served = this.#serve(connection);
      this.#connections.add(served);
      void served.then(() => this.#connections.delete(served));
    }
    await Promise.all(this.#connections);
    this.#activities.stop();
  }

  async stop(grace = 10_000): Promise<void> {
    this.#isStopping = true;
    if (this.#underWay > 0) {
      const done = Promise.withResolvers<void>();
      this.#onDone = done.resolve;
      const timer = setTimeout(done.resolve, grace);
      await done.promise;
      clearTimeout(timer);
    }
    this.#abort.abort();
    try {
      this.#listener.close();
    } catch {
      // It was stopped before.
    }
    this.#activities.closeAll(false);
    await Promise.all(this.#connections);
  }

  async #serve(connection: Deno.TcpConn): Promise<void> {
    const activity = this.#activities.add(() => {
      try {
        connection.close();
      } catch {
        // It is closed already.
      }
    });
    try {
      connection.setNoDelay();
      const client = connection.remoteAddr.hostname;
      await serveConnection(connection, activity, {
        handle: (request) => this.#handle(request),
        errorReply: (error) => this.#callbacks.errorReply(error),
        onExchange: (exchange) => {
          if (exchange.request && --this.#underWay === 0) this.#onDone?.();
          this.#callbacks.onExchange(exchange, client);
        },
      });
    } catch (error) {
      this.#callbacks.onError(error);
    } finally {
      activity.close();
      this.#activities.delete(activity);
    }
  }

  async #handle(request: HttpRequest): Promise<HttpReply> {
    this.#underWay++;
    if (this.#isStopping) return { status: 503, headers: { connection: "close" } };
    return await this.#callbacks.handle(request);
  }
}
