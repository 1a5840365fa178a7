/**
 * One connection: requests and replies, one after the other (RFC 9112, section 9).
 *
 * @module
 */
import type { Activity } from "./activity.ts";
import type { HttpReply, HttpRequest } from "./exchange.ts";
import { BodyReader, Input, type Socket } from "./input.ts";
import { BodyError, Output } from "./output.ts";
import { parseRequestHead, RequestError, type RequestHead } from "./request_head.ts";

/** Responds to a request. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpReply>;

/** A request that has been responded to. */
export interface HttpExchange {
  /** The request; `undefined` where its head was not valid. */
  request: HttpRequest | undefined;
  /** The status code of the response. */
  status: number;
  /** The number of bytes of the body that were sent. */
  bytes: number;
  /** How long it took from the head of the request to the end of the response, in milliseconds. */
  duration: number;
  /** What the body, or the connection, failed with after the head was sent. */
  error?: unknown;
}

/** How much of a body that nobody wants is read before the connection is closed, in bytes. */
const MAX_DRAIN = 1_048_576;

/** What a connection calls. */
export interface ConnectionCallbacks {
  /** Responds to a request. */
  handle: HttpHandler;
  /**
   * Creates the reply to a request whose body failed before anything was sent.
   *
   * @param error What the body failed with.
   * @returns The reply.
   */
  errorReply(error: unknown): HttpReply;
  /**
   * Counts or logs an exchange. Called after each response.
   *
   * @param exchange The request, the status code and the number of bytes sent.
   */
  onExchange(exchange: HttpExchange): void;
}

/**
 * Serves a connection until it ends.
 *
 * @param socket The connection. It is closed at the end.
 * @param activity What the connection is doing.
 * @param callbacks What to call.
 */
export async function serveConnection(
  socket: Socket,
  activity: Activity,
  callbacks: ConnectionCallbacks,
): Promise<void> {
  const connection = new Connection(socket, activity, callbacks);
  try {
    while (await connection.serveRequest()) activity.enter("idle");
  } catch {
    // The connection has failed, or was closed: there is nobody to respond to.
  } finally {
    activity.close();
  }
}

class Connection {
  readonly #socket: Socket;
  readonly #activity: Activity;
  readonly #callbacks: ConnectionCallbacks;
  readonly #input: Input;
  readonly #output: Output;

  constructor(socket: Socket, activity: Activity, callbacks: ConnectionCallbacks) {
    this.#socket = socket;
    this.#activity = activity;
    this.#callbacks = callbacks;
    this.#input = new Input(socket, activity);
    this.#output = new Output(socket, activity);
  }

  /** Serves the next request. Returns whether the connection can be used for another one. */
  async serveRequest(): Promise<boolean> {
    let head: RequestHead;
    let started = performance.now();
    try {
      const text = await this.#input.readHead();
      if (text === undefined) return false;
      started = performance.now();
      head = parseRequestHead(text);
      if (!["", "100-continue"].includes((head.headers.get("expect") ?? "").toLowerCase())) {
        throw new RequestError(417, "the only Expect is 100-continue");
      }
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      await this.#refuse(error, started);
      return false;
    }
    const body = new BodyReader(this.#input, head.length, async () => {
      if (head.headers.has("expect") && head.minor === 1) await this.#output.writeContinue();
      this.#activity.enter("receiving");
    });
    const { method, target, headers } = head;
    const request = { method, target, headers, body: body.isWhole ? null : body };
    this.#activity.enter("working");
    const exchange: HttpExchange = { request, status: 500, bytes: 0, duration: 0 };
    try {
      let reply = await this.#respond(request, exchange);
      for (;;) {
        exchange.status = reply.status;
        try {
          // What is left of the body would be taken for the next request.
          const keepAlive = head.keepAlive && body.isWhole && !("connection" in reply.headers);
          const written = await this.#output.writeReply(reply, {
            method,
            minor: head.minor,
            keepAlive,
          });
          exchange.bytes = written.bytes;
          if (!written.keepAlive) await this.#linger(body);
          return written.keepAlive;
        } catch (error) {
          const failure = error instanceof BodyError ? error : new BodyError(error, 0, true);
          exchange.error = failure.cause;
          exchange.bytes = failure.bytes;
          if (failure.isBegun || reply.status >= 500) return false;
          reply = this.#callbacks.errorReply(failure.cause);
        }
      }
    } finally {
      exchange.duration = performance.now() - started;
      this.#callbacks.onExchange(exchange);
    }
  }

  async #respond(request: HttpRequest, exchange: HttpExchange): Promise<HttpReply> {
    try {
      return await this.#callbacks.handle(request);
    } catch (error) {
      exchange.error = error;
      return this.#callbacks.errorReply(error);
    }
  }

  /** Responds to a request whose head is not valid. */
  async #refuse({ status, message }: RequestError, started: number): Promise<void> {
    const context = { method: "GET", minor: 1, keepAlive: false } as const;
    const { bytes } = await this.#output.writeReply(textReply(status, message), context);
    this.#callbacks.onExchange({
      request: undefined,
      status,
      bytes,
      duration: performance.now() - started,
    });
    await this.#linger(undefined);
  }

  /**
   * Closes the connection so that the client gets the response although it may still be sending: what
   * arrives meanwhile is read, as far as it is little (RFC 9112, section 9.6).
   */
  async #linger(body: BodyReader | undefined): Promise<void> {
    this.#activity.enter("closing");
    await this.#socket.closeWrite();
    if (body?.isWhole) return;
    const view = new Uint8Array(16_384);
    for (let left = MAX_DRAIN; left > 0;) {
      const count = await this.#socket.read(view);
      if (count === null) return;
      left -= count;
    }
  }
}

function textReply(status: number, text: string): HttpReply {
  return {
    status,
    headers: { "content-type": "text/plain; charset=utf-8" },
    body: new TextEncoder().encode(`${text}\n`),
  };
}
