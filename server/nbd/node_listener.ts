/**
 * Connections of Node.
 *
 * @module
 */
import type { AddressInfo, Server, Socket } from "node:net";
import { requireBuiltin } from "../../runtime/requirements.ts";
import type { Bytes } from "../../streams/mod.ts";
import type { ListenerCallbacks, NbdAddress, NbdConnection, NbdListener } from "./connection.ts";

/** The most bytes of one write, so that a slow client is seen to make progress. */
const WRITE_SIZE = 1024 * 1024;

/**
 * Listens with `node:net`.
 *
 * @param address Where to listen.
 * @param callbacks What to call.
 * @returns The listener.
 * @throws {Error} If the address is in use (`EADDRINUSE`) or not permitted.
 */
export async function listenByNode(
  { hostname = "127.0.0.1", port = 10809, socket }: NbdAddress,
  { onConnection, onError }: ListenerCallbacks,
): Promise<NbdListener> {
  const { createServer } = requireBuiltin("node:net");
  // A client that sends no more still receives its replies.
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    onConnection(new NodeConnection(connection));
  });
  await listening(server, () => {
    if (socket === undefined) server.listen(port, hostname);
    else server.listen(socket);
  });
  server.on("error", onError);
  return {
    port: socket === undefined ? (server.address() as AddressInfo).port : 0,
    close: () => void server.close(),
  };
}

function listening(server: Server, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      resolve();
    });
    listen();
  });
}

class NodeConnection implements NbdConnection {
  readonly client: string;
  readonly #socket: Socket;
  #rest: Uint8Array | null = null;
  #isOver = false;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.client = socket.remoteAddress ?? "unix";
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    socket.on("readable", () => this.#wake?.());
    for (const event of ["end", "close", "error"]) {
      socket.on(event, () => {
        this.#isOver = true;
        this.#wake?.();
      });
    }
  }

  async read(view: Bytes): Promise<number> {
    while (true) {
      const chunk: Uint8Array | null = this.#rest ?? this.#socket.read();
      if (chunk !== null) {
        const part = chunk.subarray(0, view.length);
        view.set(part);
        this.#rest = part.length < chunk.length ? chunk.subarray(part.length) : null;
        return part.length;
      }
      if (this.#isOver) return 0;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  write(bytes: Bytes): Promise<number> {
    const part = bytes.subarray(0, WRITE_SIZE);
    return new Promise((resolve, reject) => {
      this.#socket.write(part, (error) => error ? reject(error) : resolve(part.length));
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}
