/**
 * Serves images of the path tree over NBD, the protocol of network block devices.
 *
 * @module
 */
import { visibleText } from "../../errors/visible_text.ts";
import type { Vfs } from "../../vfs/vfs.ts";
import { BufferPool } from "./buffer_pool.ts";
import { Exports } from "./exports.ts";
import { Handshake } from "./handshake.ts";
import type { NbdAddress, NbdConnection, NbdListener } from "./connection.ts";
import { listenNbd, removeSocket } from "./listener.ts";
import { MAX_REQUEST } from "./protocol.ts";
import { Disconnected, NbdSocket, SocketBuffers } from "./socket.ts";
import { Transmission } from "./transmission.ts";

/** Options of {@linkcode serveNbd}. */
export interface ServeNbdOptions extends NbdAddress {
  /**
   * The images to serve, and directories with all images in them. If it is one image, that is the
   * default export too. Default: the whole tree.
   */
  paths?: readonly string[] | undefined;
  /** The most connections at a time; more are closed at once. Default: 64. */
  maxConnections?: number | undefined;
  /** How long a client may take to choose an image, in milliseconds. Default: 30,000. */
  handshakeTimeout?: number | undefined;
  /**
   * How long a client that uses an image may send no request, in milliseconds. Default: for ever, since
   * a machine that has all it needs in memory reads nothing.
   */
  idleTimeout?: number | undefined;
  /** How long a client may receive nothing of a reply, in milliseconds. Default: 60,000. */
  stallTimeout?: number | undefined;
  /** Called with what ends a connection or fails a read, for a log. */
  onError?: ((failure: NbdFailure) => void) | undefined;
}

/** What went wrong on a connection. */
export interface NbdFailure {
  /** When it went wrong. */
  time: Date;
  /** The address of the client; `unix` on a Unix socket, `-` where it is not known. */
  client: string;
  /** The name of the export, once the client has chosen one. */
  exportName: string | undefined;
  /** What went wrong. */
  error: unknown;
}

/** An NBD server that is running. */
export interface NbdServer extends AsyncDisposable {
  /** The port that it listens on; 0 for a Unix socket. */
  readonly port: number;
  /** Settles when the server has stopped. */
  readonly finished: Promise<void>;
  /**
   * Returns the URI that clients such as qemu know an image by.
   *
   * @param path The path of the image in the tree.
   * @returns The URI: `nbd://127.0.0.1:10809/local/disk.img`.
   */
  uriOf(path: string): string;
  /**
   * Stops the server. Requests that are under way get their replies.
   *
   * @param grace How long to wait for that, in milliseconds. Default: 10,000.
   */
  stop(grace?: number): Promise<void>;
}

/** The most bytes of all buffers of a server: the largest read, and some small ones. */
const MAX_BYTES = MAX_REQUEST + 2 * 1024 * 1024;

/**
 * Serves images of a tree, read-only, until it is stopped. It needs the permission to listen, and for a
 * Unix socket those to read and write its path. NBD knows no passwords: everybody who can connect can
 * read.
 *
 * @param vfs The tree. It is not closed with the server.
 * @param options Address, images, limits, and what to call.
 * @returns The server, which listens already.
 * @throws {Invalid} If a path is not valid.
 * @throws {Error} If the address is in use (`EADDRINUSE`).
 *
 * @example Serving until somebody interrupts
 * ```ts
 * import type { Vfs } from "@vitrine/vitrine";
 * import { serveNbd } from "@vitrine/vitrine/nbd";
 *
 * async function main(vfs: Vfs) {
 *   const server = await serveNbd(vfs, { paths: ["/local/disk.img"] });
 *   console.log(`qemu-img info ${server.uriOf("/local/disk.img")}`);
 *   await server.finished;
 * }
 * ```
 */
export async function serveNbd(vfs: Vfs, options: ServeNbdOptions = {}): Promise<NbdServer> {
  const connections = new Connections(new Exports(vfs, options.paths ?? []), options);
  const listener = await listenNbd(options, {
    onConnection: (connection) => connections.add(connection),
    onError: (error) => connections.report("-", undefined, error),
  });
  return runningServer(listener, connections, options);
}

function runningServer(
  listener: NbdListener,
  connections: Connections,
  { hostname = "127.0.0.1", socket }: NbdAddress,
): NbdServer {
  let finish!: () => void;
  const finished = new Promise<void>((resolve) => finish = resolve);
  const { port } = listener;
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  let stopping: Promise<void> | undefined;
  const stop = async (grace: number) => {
    listener.close();
    await connections.stop(grace);
    if (socket !== undefined) await removeSocket(socket);
    finish();
  };
  return {
    port,
    finished,
    uriOf: (path) => {
      const name = path.replace(/^\//, "").split("/").map(encodeURIComponent).join("/");
      return socket === undefined
        ? `nbd://${host}:${port}/${name}`
        : `nbd+unix:///${name}?socket=${encodeURIComponent(socket)}`;
    },
    stop: (grace = 10_000) => stopping ??= stop(grace),
    [Symbol.asyncDispose]: () => stopping ??= stop(10_000),
  };
}

class Connections {
  readonly #exports: Exports;
  readonly #options: ServeNbdOptions;
  readonly #buffers = new BufferPool(MAX_BYTES);
  readonly #socketBuffers = new SocketBuffers();
  readonly #open = new Map<Connection, Promise<void>>();
  #isStopping = false;

  constructor(exports: Exports, options: ServeNbdOptions) {
    this.#exports = exports;
    this.#options = options;
  }

  add(accepted: NbdConnection): void {
    const { maxConnections = 64, stallTimeout = 60_000 } = this.#options;
    const { client } = accepted;
    if (this.#isStopping || this.#open.size >= maxConnections) {
      accepted.close();
      this.report(client, undefined, new Error(`more than ${maxConnections} connections`));
      return;
    }
    const connection: Connection = {
      socket: new NbdSocket(accepted, this.#socketBuffers, stallTimeout),
      transmission: undefined,
    };
    const served = this.#serve(connection, client).finally(() => this.#open.delete(connection));
    this.#open.set(connection, served);
  }

  async stop(grace: number): Promise<void> {
    this.#isStopping = true;
    const closing: Promise<void>[] = [];
    for (const [{ socket, transmission }, served] of this.#open) {
      const timer = setTimeout(() => socket.destroy(), grace);
      closing.push(served.finally(() => clearTimeout(timer)));
      // A client that has not chosen an image loses nothing.
      if (transmission === undefined) socket.destroy();
      else void transmission.drained().then(() => socket.destroy());
    }
    await Promise.all(closing);
  }

  async #serve(connection: Connection, client: string): Promise<void> {
    const { socket } = connection;
    const { handshakeTimeout = 30_000, idleTimeout = Infinity, stallTimeout = 60_000 } =
      this.#options;
    let exportName: string | undefined;
    const onError = (error: unknown) => this.report(client, exportName, error);
    try {
      const handshake = new Handshake(socket, this.#exports, handshakeTimeout, onError);
      const session = await handshake.run();
      if (session === undefined) return;
      exportName = session.image.name;
      try {
        connection.transmission = new Transmission(socket, session, {
          buffers: this.#buffers,
          idleTimeout,
          stallTimeout,
          isStopping: () => this.#isStopping,
          onError,
        });
        await connection.transmission.run();
      } finally {
        await session.image.release();
      }
    } catch (error) {
      // A client that goes in the middle of a reply is nothing to report.
      if (!(error instanceof Disconnected)) onError(error);
    } finally {
      await socket.release();
    }
  }

  report(client: string, exportName: string | undefined, error: unknown): void {
    const name = exportName === undefined ? undefined : visibleText(exportName);
    this.#options.onError?.({ time: new Date(), client, exportName: name, error });
  }
}

interface Connection {
  socket: NbdSocket;
  transmission: Transmission | undefined;
}
