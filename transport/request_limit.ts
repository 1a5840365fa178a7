/**
 * How many requests to one server may wait for their responses at the same time, of the whole process.
 *
 * A place is held until the headers of the response are there, and not while a body is read: then the only
 * thing that a request waits for is its server, whose time is limited, and no two requests can wait for each
 * other. A copy that reads from and writes to one server would, as the one ends only when the other goes on.
 *
 * @module
 */
import { isWorkerd } from "../runtime/mod.ts";
import { raceAbort } from "../streams/abort.ts";

/**
 * How many requests wait at the same time by default: 8 transfers that read 4 ranges each and send 4 parts
 * each. Proxies and gateways have a few hundred workers, for all of their clients.
 */
export const MOST_REQUESTS = 64;

/** A server: how many requests are under way, and what starts those that wait. */
interface Server {
  count: number;
  waiting: (() => void)[];
}

const servers = new Map<string, Server>();

/**
 * Waits until a request may be sent. Those that have waited longest come first.
 *
 * @param origin The origin of the server.
 * @param limit How many requests may be under way with this one. A request that waits takes the place of
 * one that ends, so that of several limits the largest one that is in use counts.
 * @param signal Ends the wait.
 * @returns Gives the place to the next request. To be called once.
 * @throws {unknown} The reason of the signal.
 */
export async function takeTurn(
  origin: string,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<() => void> {
  // One request may not wait for another there, which is of somebody else.
  if (isWorkerd()) return () => {};
  const server = servers.get(origin) ?? { count: 0, waiting: [] };
  servers.set(origin, server);
  const leave = () => {
    const next = server.waiting.shift();
    if (next) next();
    else if (--server.count === 0) servers.delete(origin);
  };
  if (server.count < limit) server.count++;
  // If the turn comes after an abort, it is passed on.
  else await raceAbort(new Promise<void>((start) => server.waiting.push(start)), signal, leave);
  return leave;
}
