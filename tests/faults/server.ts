/**
 * A web server of one image whose responses a test may mutilate byte by byte.
 *
 * @module
 */
import { concatenated, latin1, type RawRequest, WireReader, WireServer, writeAll } from "./wire.ts";

/** A response before it is written. */
export interface RawResponse {
  /** Status and reason. */
  status: string;
  /** Headers by name. */
  headers: Record<string, string>;
  /** The body. */
  body: Uint8Array;
}

/** What is written to the connection, and what happens to it then. */
export interface Written {
  /** The bytes of the response. */
  bytes: Uint8Array;
  /** Whether the connection is closed (the default), left open in silence, or used again. */
  then?: "close" | "stall" | "keep";
}

/** The image that a {@linkcode FaultServer} has. */
export interface ServedImage {
  /** Its bytes. */
  data: Uint8Array;
  /** Headers of each response: `etag`, `last-modified`. */
  headers: Record<string, string>;
}

/** A web server that responds as `respond` says. */
export class FaultServer implements AsyncDisposable {
  /** Where it listens, without a path. */
  readonly url: string;
  /** What was asked so far. */
  readonly requests: RawRequest[] = [];
  readonly #server: WireServer;

  /** Starts; `respond` is given each request and its number, from 0. */
  constructor(respond: (request: RawRequest, index: number) => Written) {
    this.#server = new WireServer(async (connection) => {
      const reader = new WireReader(connection);
      for (;;) {
        const request = await reader.request();
        if (request === undefined) return;
        const { bytes, then = "close" } = respond(request, this.requests.push(request) - 1);
        await writeAll(connection, bytes);
        if (then === "keep") continue;
        // In silence, until the client goes.
        if (then === "stall") { while (await reader.some()); }
        return;
      }
    });
    this.url = `http://${this.#server.host}`;
  }

  /** Stops. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }
}

/** The right response to a request for an image: GET and HEAD, one range, `If-Range`. */
export function correctResponse(request: RawRequest, { data, headers }: ServedImage): RawResponse {
  const { method, headers: asked } = request;
  const condition = asked.get("if-range");
  const same = condition === null ||
    [headers["etag"], headers["last-modified"]].includes(condition);
  const range = /^bytes=(\d+)-(\d*)$/.exec(asked.get("range") ?? "");
  if (range === null || !same) return rawResponse("200 OK", headers, data, method);
  const first = Number(range[1]);
  const last = Math.min(range[2] === "" ? Infinity : Number(range[2]), data.length - 1);
  if (first > last) {
    const none = { ...headers, "content-range": `bytes */${data.length}` };
    return rawResponse("416 Range Not Satisfiable", none, new Uint8Array(), method);
  }
  const part = { ...headers, "content-range": `bytes ${first}-${last}/${data.length}` };
  return rawResponse("206 Partial Content", part, data.subarray(first, last + 1), method);
}

function rawResponse(
  status: string,
  headers: Record<string, string>,
  body: Uint8Array,
  method: string,
): RawResponse {
  return {
    status,
    headers: { ...headers, "content-length": `${body.length}` },
    body: method === "HEAD" ? new Uint8Array() : body,
  };
}

/** The bytes of a response. */
export function written({ status, headers, body }: RawResponse): Uint8Array {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return concatenated([latin1(`HTTP/1.1 ${status}\r\n${lines.join("")}\r\n`), body]);
}

/** The bytes of a response whose body comes in chunks of `size` bytes. */
export function writtenInChunks({ status, headers, body }: RawResponse, size: number): Uint8Array {
  const { "content-length": _, ...rest } = headers;
  const parts: Uint8Array[] = [];
  for (let at = 0; at < body.length; at += size) {
    const chunk = body.subarray(at, at + size);
    parts.push(latin1(`${chunk.length.toString(16)}\r\n`), chunk, latin1("\r\n"));
  }
  parts.push(latin1("0\r\n\r\n"));
  const head = { ...rest, "transfer-encoding": "chunked" };
  return written({ status, headers: head, body: concatenated(parts) });
}
