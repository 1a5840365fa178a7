/**
 * Where an NBD server listens, and the connections of its clients, whichever runtime has them.
 *
 * @module
 */
// Small: types that both runtimes implement.
import type { Bytes } from "../../streams/mod.ts";

/** Where to listen. */
export interface NbdAddress {
  /** The address. Default: `127.0.0.1`, which serves this machine only. */
  hostname?: string | undefined;
  /** The port; 0 takes a free one. Default: 10809, that of NBD. */
  port?: number | undefined;
  /** The path of a Unix socket, in place of address and port. Default: none. */
  socket?: string | undefined;
}

/** The connection of a client, whichever runtime has accepted it. */
export interface NbdConnection {
  /** The address of the client; `unix` on a Unix socket. */
  readonly client: string;
  /**
   * Reads what has arrived, or waits for it.
   *
   * @param view The buffer to fill from its start.
   * @returns The number of bytes; 0 if the client sends no more.
   */
  read(view: Bytes): Promise<number>;
  /**
   * Sends as many bytes as the system takes.
   *
   * @param bytes The bytes, at least one.
   * @returns The number of bytes, at least 1.
   */
  write(bytes: Bytes): Promise<number>;
  /** Closes the connection at once. What waits for it fails. */
  close(): void;
}

/** What listens. */
export interface NbdListener {
  /** The port; 0 for a Unix socket. */
  readonly port: number;
  /** Takes no more connections. Those that there are stay open. */
  close(): void;
}

/** What a listener calls. */
export interface ListenerCallbacks {
  /** Called with each connection. */
  onConnection(connection: NbdConnection): void;
  /** Called when a connection cannot be accepted, for want of descriptors for example. */
  onError(error: unknown): void;
}
