/**
 * What a request consists of, for those who send it.
 *
 * @module
 */
import type { Bytes } from "../streams/mod.ts";
import type { HttpResponse } from "./response.ts";

/** How long to wait for a server, in milliseconds. */
export interface Timeouts {
  /** To connect. `fetch` does not report when it has connected; there the time is added to `firstByte`. */
  connect: number;
  /** For the headers of a response, with 1 s more for each 64 KiB of the body of the request. */
  firstByte: number;
  /** For the next byte of a body. */
  idle: number;
}

/** A request before it is sent, to be signed or given a token. Its fields may be replaced. */
export interface PreparedRequest {
  /** The method. */
  readonly method: string;
  /** The URL. Its origin must stay the same. */
  url: URL;
  /** All headers but `Host` and `Content-Length`. */
  headers: Headers;
  /** The body. */
  readonly body: readonly Bytes[] | undefined;
}

/** A request for {@linkcode Transport.send}. */
export interface HttpRequest {
  /** The method. Default: `GET`. */
  method?: string | undefined;
  /** The URL, without user information. */
  url: URL | string;
  /**
   * The headers. They are sent to the origin of the URL. After a redirect to another origin, only those
   * about ranges and representations are sent.
   */
  headers?: HeadersInit | undefined;
  /**
   * The body, whole, so that it can be sent again. It must not be changed until the promise settles: a
   * runtime sends it straight out of these buffers.
   */
  body?: Bytes | readonly Bytes[] | null | undefined;
  /**
   * Completes the request with a signature or a token. It is called for each attempt and each redirect
   * within the origin, and never for another origin.
   */
  prepare?: ((request: PreparedRequest) => void | Promise<void>) | undefined;
  /**
   * Whether the URL comes from the operator and not from a user. Then the egress gate judges neither it
   * nor redirects within its origin. Default: `false`.
   */
  trusted?: boolean | undefined;
  /** Whether redirects of `GET` and `HEAD` are followed. Others never are. Default: `follow`. */
  redirect?: "follow" | "refuse" | undefined;
  /**
   * Whether to send a failed request again: `safe` if the method is idempotent (RFC 9110, section 9.2.2),
   * `always`, or `never`. Default: `safe`.
   */
  retry?: "safe" | "always" | "never" | undefined;
  /**
   * Whether each attempt has a connection of its own, where the runtime has `node:http`. Where a kept
   * connection breaks, Deno sends a request again without a word, so that a response to the second may be
   * taken for one to the first. Default: `false`.
   */
  ownConnection?: boolean | undefined;
  /** The statuses that are accepted. Any other is thrown as an error. Default: all of 2xx. */
  accept?: readonly number[] | undefined;
  /** Returns the error for a status that is not accepted, from the body if necessary. */
  fail?: ((response: HttpResponse) => Error | Promise<Error>) | undefined;
  /**
   * Called first with a response that is not accepted. Returns whether to send the request again at once,
   * because the cause has been removed (a new token, a corrected clock). At most two times per request.
   */
  recover?: ((response: HttpResponse) => boolean | Promise<boolean>) | undefined;
  /** Timeouts that replace those of the transport, for requests that are known to take long. */
  timeouts?: Partial<Pick<Timeouts, "firstByte" | "idle">> | undefined;
  /** Ends the request and the body of its response. */
  signal?: AbortSignal | undefined;
}
