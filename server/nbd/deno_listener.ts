/**
 * Connections of Deno, which read into and write from buffers of the server: `node:net` allocates 64 KiB
 * for each piece that arrives.
 *
 * @module
 */
import { delay } from "../../streams/abort.ts";
import type { Bytes } from "../../streams/mod.ts";
import type { ListenerCallbacks, NbdAddress, NbdConnection, NbdListener } from "./connection.ts";

/** How long the listener waits after a connection that could not be accepted, in milliseconds. */
const ACCEPT_PAUSE = 100;

/**
 * Listens with Deno's own sockets.
 *
 * @param address Where to listen.
 * @param callbacks What to call.
 * @returns The listener.
 * @throws {Deno.errors.AddrInUse} If the address is in use.
 */
export function listenByDeno(
  { hostname = "127.0.0.1", port = 10809, socket }: NbdAddress,
  callbacks: ListenerCallbacks,
): Promise<NbdListener> {
  const listener = socket === undefined
    ? Deno.listen({ hostname, port })
    : Deno.listen({ transport: "unix", path: socket });
  let isClosed = false;
  void accept(listener, callbacks, () => isClosed);
  const { addr } = listener;
  return Promise.resolve({
    port: addr.transport === "tcp" ? addr.port : 0,
    close: () => {
      isClosed = true;
      listener.close();
    },
  });
}

async function accept(
  listener: Deno.Listener<Deno.TcpConn | Deno.UnixConn>,
  { onConnection, onError }: ListenerCallbacks,
  isClosed: () => boolean,
): Promise<void> {
  while (!isClosed()) {
    try {
      onConnection(new DenoConnection(await listener.accept()));
    } catch (error) {
      if (isClosed()) return;
      onError(error);
      await delay(ACCEPT_PAUSE, undefined);
    }
  }
}

class DenoConnection implements NbdConnection {
  readonly client: string;
  readonly #connection: Deno.TcpConn | Deno.UnixConn;

  constructor(connection: Deno.TcpConn | Deno.UnixConn) {
    this.#connection = connection;
    this.client = connection.remoteAddr.transport === "tcp"
      ? connection.remoteAddr.hostname
      : "unix";
    if ("setNoDelay" in connection) {
      connection.setNoDelay(true);
      connection.setKeepAlive(true);
    }
  }

  async read(view: Bytes): Promise<number> {
    return await this.#connection.read(view) ?? 0;
  }

  write(bytes: Bytes): Promise<number> {
    return this.#connection.write(bytes);
  }

  close(): void {
    try {
      this.#connection.close();
    } catch {
      // It is closed already.
    }
  }
}
