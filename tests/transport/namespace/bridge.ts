/**
 * A way out of a network namespace: a socket in the file system, through which a process in the namespace
 * reaches the services of the machine.
 *
 * @module
 */
import { latin1, WireReader, writeAll } from "../../faults/wire.ts";

/** An address of a service. */
export interface Address {
  /** The host. */
  hostname: string;
  /** The port. */
  port: number;
}

/** Connects to an address through the bridge at `path`. */
export async function connectByBridge(
  path: string,
  { hostname, port }: Address,
): Promise<Deno.Conn> {
  const connection = await Deno.connect({ transport: "unix", path });
  await writeAll(connection, latin1(`${hostname} ${port}\r\n`));
  return connection;
}

/** Opens a bridge at `path`, until it is disposed of. */
export function openBridge(path: string): Disposable {
  const listener = Deno.listen({ transport: "unix", path });
  (async () => {
    for await (const connection of listener) passOn(connection).catch(() => {});
  })();
  return { [Symbol.dispose]: () => listener.close() };
}

async function passOn(client: Deno.Conn): Promise<void> {
  using _client = client;
  const reader = new WireReader(client);
  const [hostname, port] = (await reader.until("\r\n"))!.trim().split(" ") as [string, string];
  using server = await Deno.connect({ hostname, port: Number(port) });
  const upload = async () => {
    for (let bytes = await reader.some(); bytes; bytes = await reader.some()) {
      await writeAll(server, bytes);
    }
  };
  const options = { preventClose: true };
  await Promise.race([upload(), server.readable.pipeTo(client.writable, options)]);
}
