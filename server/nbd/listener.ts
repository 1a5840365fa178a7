/**
 * The socket that an NBD server listens on: a TCP port, or a Unix socket.
 *
 * @module
 */
import type { Server, Socket } from "node:net";
import { Invalid } from "../../errors/mod.ts";
import { requireBuiltin } from "../../runtime/requirements.ts";

/** Where to listen. */
export interface NbdAddress {
  /** The address. Default: `127.0.0.1`, which serves this machine only. */
  hostname?: string | undefined;
  /** The port; 0 takes a free one. Default: 10809, that of NBD. */
  port?: number | undefined;
  /** The path of a Unix socket, in place of address and port. Default: none. */
  socket?: string | undefined;
}

/**
 * Listens for clients. A Unix socket that a server left behind is replaced, one that a server listens on is not.
 *
 * @param address Where to listen.
 * @param onConnection Called with each connection.
 * @param onError Called when a connection cannot be accepted, for want of descriptors for example.
 * @returns The server, which listens.
 * @throws {Error} If the address is in use (`EADDRINUSE`) or not permitted.
 */
export async function listenNbd(
  address: NbdAddress,
  onConnection: (socket: Socket) => void,
  onError: (error: Error) => void,
): Promise<Server> {
  const { hostname = "127.0.0.1", port = 10809, socket } = address;
  const net = requireBuiltin("node:net");
  const server = net.createServer(onConnection);
  if (socket === undefined) {
    await listening(server, () => server.listen(port, hostname));
  } else {
    try {
      await listening(server, () => server.listen(socket));
    } catch (error) {
      if ((error as { code?: string }).code !== "EADDRINUSE" || await isUsed(socket)) throw error;
      await removeSocket(socket);
      await listening(server, () => server.listen(socket));
    }
  }
  server.on("error", onError);
  return server;
}

/**
 * Removes the file of a Unix socket that nobody listens on.
 *
 * @param path The path. Nothing happens if there is no such file.
 * @throws {Invalid} If the file is no socket.
 */
export async function removeSocket(path: string): Promise<void> {
  const { lstat, rm } = requireBuiltin("node:fs/promises");
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return;
  if (!stats.isSocket()) throw new Invalid(`${path} is no socket`);
  await rm(path, { force: true });
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

function isUsed(path: string): Promise<boolean> {
  const { connect } = requireBuiltin("node:net");
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", () => resolve(false));
  });
}
