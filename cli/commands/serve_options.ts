/**
 * Options that `vitrine serve` has for every protocol.
 *
 * @module
 */
import { isLoopback } from "../../server/http/host_guard.ts";
import { type Arguments, parseDuration, UsageError } from "../command.ts";

/** Where a server listens. */
export interface ServerAddress {
  /** The address. */
  hostname: string;
  /** The port; 0 takes a free one. */
  port: number;
}

/**
 * Returns the address to listen on.
 *
 * @param args The arguments, with `--host`, `--port` and `--public`.
 * @param defaultPort The port of the protocol.
 * @returns The address. Default: `127.0.0.1`.
 * @throws {UsageError} If the port is none, or if others could read without `--public`.
 */
export function addressOf(args: Arguments, defaultPort: number): ServerAddress {
  const port = Number(args.value("port") ?? defaultPort);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new UsageError("--port is a number from 0 to 65535");
  }
  const hostname = args.value("host") ?? "127.0.0.1";
  if (!isLoopback(hostname) && !args.has("public")) {
    throw new UsageError(`--host ${hostname} lets other machines read: add --public`);
  }
  return { hostname, port };
}

/**
 * Returns the most connections.
 *
 * @param args The arguments, with `--max-connections`.
 * @returns The number, or `undefined` for that of the server.
 * @throws {UsageError} If it is no number from 1.
 */
export function maxConnectionsOf(args: Arguments): number | undefined {
  const text = args.value("max-connections");
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new UsageError("--max-connections is a number from 1");
  return Number(text);
}

/**
 * Returns a duration.
 *
 * @param args The arguments.
 * @param name The name of the option.
 * @returns The duration in milliseconds, or `undefined` for that of the server.
 * @throws {UsageError} If it is no duration.
 */
export function durationOf(args: Arguments, name: string): number | undefined {
  const text = args.value(name);
  return text === undefined ? undefined : parseDuration(name, text);
}

/**
 * Waits until it is printed where a server listens. A signal may come before that is done: it stops the
 * server, and is no failure of the command.
 *
 * @param printed The printing.
 * @param signal The signal of the command.
 * @throws {Error} If it cannot be printed for another reason.
 */
export async function announced(printed: Promise<void>, signal: AbortSignal): Promise<void> {
  try {
    await printed;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
