/**
 * A proxy that does wrong on purpose, between a client and a real server.
 *
 * The client is given the proxy's `url` as if it were the server's; requests are passed on as they
 * are, the `Host` header included, so that signatures hold where the server takes any host. Each
 * request draws from a seeded source whether a fault befalls it, and which:
 *
 * - `refuse`: the connection is closed, the server sees nothing
 * - `lose`: the server responds, the client sees the connection closed
 * - `cut`: the response ends at a random byte, in its headers or in its body
 * - `delay`: the request waits, `maxDelay` milliseconds at most
 * - `error`: 500 or 503 instead, to this and to one or two more requests
 * - `duplicate`: the response comes twice
 * - `etag`: the response has another `ETag`
 * - `damage`: a byte of the request's body is another when it gets to the server
 * - `garble`: a byte of the response's body is another when it gets to the client
 *
 * The last three need a client that checks digests; the default is those before.
 *
 * @module
 */
import { concatenated, latin1, type RawRequest, WireReader, WireServer, writeAll } from "./wire.ts";
import { seeded } from "./random.ts";

/** What can go wrong. */
export type Fault =
  | "refuse"
  | "lose"
  | "cut"
  | "delay"
  | "error"
  | "duplicate"
  | "etag"
  | "damage"
  | "garble";

/** Options of {@linkcode faultProxy}. */
export interface FaultProxyOptions {
  /** Repeats a run, as far as the client sends its requests in the same order. */
  seed: number;
  /** Which share of the requests a fault befalls, from 0 to 1. Default: 0.2. */
  rate?: number;
  /** The faults to draw from. */
  faults?: readonly Fault[];
  /** The longest delay, in milliseconds. Default: 20. */
  maxDelay?: number;
  /** Which requests may be befallen. Default: all. */
  only?: (request: RawRequest) => boolean;
}

/** A running proxy. */
export interface FaultProxy extends AsyncDisposable {
  /** The URL to give to the client, without a path. */
  url: string;
  /** The faults so far, as `PUT /bucket/key: cut`. */
  faults: readonly string[];
}

const HARMLESS_TO_DATA: readonly Fault[] = [
  "refuse",
  "lose",
  "cut",
  "delay",
  "error",
  "duplicate",
];

/** How much of a response comes twice, in bytes. */
const REPEATED = 1_048_576;

/** Starts a proxy to the server at `target`, an `http:` URL whose path is ignored. */
export function faultProxy(target: string, options: FaultProxyOptions): FaultProxy {
  const { rate = 0.2, faults = HARMLESS_TO_DATA, maxDelay = 20, only = () => true } = options;
  const random = seeded(options.seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const { hostname, port } = new URL(target);
  const log: string[] = [];
  let burst = 0;

  function draw(request: RawRequest): Fault | undefined {
    if (!only(request)) return undefined;
    if (burst > 0 && burst-- > 0) return "error";
    if (random() >= rate) return undefined;
    const fault = pick(faults);
    if (fault === "error") burst = pick([0, 1, 2]);
    return fault;
  }

  async function serve(connection: Deno.Conn): Promise<void> {
    const request = await new WireReader(connection).request();
    if (request === undefined) return;
    const fault = draw(request);
    if (fault) log.push(`${request.method} ${request.target}: ${fault}`);
    if (fault === "refuse") return;
    if (fault === "error") return await writeAll(connection, latin1(pick(ERRORS)));
    if (fault === "delay") {
      const delay = random() * maxDelay;
      await new Promise((resolve) => setTimeout(resolve, delay));
    }
    if (fault === "damage") flip(request.body);
    await passOn(request, connection, fault);
  }

  async function passOn(
    request: RawRequest,
    client: Deno.Conn,
    fault: Fault | undefined,
  ): Promise<void> {
    using server = await Deno.connect({ hostname, port: Number(port || 80) });
    // One request a connection, so that a response ends where its connection does.
    const head = request.head.replace(/^(connection|expect):.*\r\n/gim, "")
      .replace(/\r\n$/, "Connection: close\r\n\r\n");
    await writeAll(server, latin1(head));
    await writeAll(server, request.body);
    const reader = new WireReader(server);
    let response = await reader.until("\r\n\r\n");
    while (response?.startsWith("HTTP/1.1 100")) response = await reader.until("\r\n\r\n");
    if (response === undefined || fault === "lose") {
      while (await reader.some());
      return;
    }
    if (fault === "etag") response = response.replace(/^(etag: *"?)./gim, "$1-");
    const size = Number(/^content-length: *(\d+)/im.exec(response)?.[1] ?? 0);
    const bodiless = request.method === "HEAD";
    let left = fault === "cut"
      ? Math.floor(random() * (response.length + (bodiless ? 0 : size)))
      : Infinity;
    const again: Uint8Array[] = [];
    let kept = 0;
    let inBody = false;
    for (let piece: Uint8Array | undefined = latin1(response); piece; piece = await reader.some()) {
      if (inBody && fault === "garble") {
        flip(piece);
        fault = undefined;
      }
      inBody = true;
      await writeAll(client, piece.subarray(0, left));
      left -= piece.length;
      if (left <= 0) return;
      if (fault === "duplicate" && kept < REPEATED) {
        again.push(piece);
        kept += piece.length;
      }
    }
    await writeAll(client, concatenated(again));
  }

  function flip(bytes: Uint8Array): void {
    if (bytes.length > 0) bytes[Math.floor(random() * bytes.length)]! ^= 1;
  }

  const server = new WireServer(serve);
  return {
    url: `http://${server.host}`,
    faults: log,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const ERRORS = ["500 Internal Server Error", "503 Service Unavailable"].map((status) =>
  `HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`
);
