/**
 * Listening on a TCP port or a Unix socket, also on one that was left behind.
 *
 * @module
 */
import { Invalid } from "../../errors/mod.ts";
import { isDeno } from "../../runtime/mod.ts";
import { requireBuiltin } from "../../runtime/requirements.ts";
import type { ListenerCallbacks, NbdAddress, NbdListener } from "./connection.ts";
import { listenByDeno } from "./deno_listener.ts";
import { listenByNode } from "./node_listener.ts";

/**
 * Listens for clients. A Unix socket that a server left behind is replaced, one that a server listens on is not.
 *
 * @param address Where to listen.
 * @param callbacks What to call.
 * @returns The listener.
 * @throws {Error} If the address is in use (`EADDRINUSE`) or not permitted.
 */
export async function listenNbd(
  address: NbdAddress,
  callbacks: ListenerCallbacks,
): Promise<NbdListener> {
  const listen = isDeno() ? listenByDeno : listenByNode;
  try {
    return await listen(address, callbacks);
  } catch (error) {
    const { socket } = address;
    if ((error as { code?: string }).code !== "EADDRINUSE" || socket === undefined) throw error;
    if (await isUsed(socket)) throw error;
    await removeSocket(socket);
    return await listen(address, callbacks);
  }
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
