/**
 * The HTTP client of the stores: retries, redirects, timeouts, the egress gate.
 *
 * @module
 */
import { EgressDenied, TimeoutError } from "../errors/mod.ts";
import type { Bytes } from "../streams/mod.ts";
import {
  type Engine,
  type EngineRequest,
  type Fetch,
  fetchEngine,
  RuntimeEngine,
  type TlsOptions,
} from "./engine.ts";
import type { EgressGate } from "./gate.ts";
import type { Follower } from "./redirects.ts";
import { HttpResponse } from "./response.ts";
import type { RetryOptions } from "./retry.ts";

/** How long to wait for what, in milliseconds. */
export interface Timeouts {
  /** To connect. `fetch` does not tell when it has, so there the time is added to `firstByte`. */
  connect: number;
  /** To the headers of an answer, with 1 s more per 64 KiB of the request's body. */
  firstByte: number;
  /** Without a byte of the body. */
  idle: number;
}

/** Options of a {@linkcode Transport}. */
export interface TransportOptions extends RetryOptions, TlsOptions {
  /** Judges URLs that are not trusted, and redirects; one with no rules of its own by default. */
  gate?: EgressGate | undefined;
  /** How long to wait; 10 s to connect, 30 s for the first byte, 60 s idle. */
  timeouts?: { [Name in keyof Timeouts]?: Timeouts[Name] | undefined } | undefined;
  /** Sends all requests instead of what the runtime has; then TLS and proxies are its business. */
  fetch?: Fetch | undefined;
}

/** A request on its way out, to be signed or given a token. Its fields may be replaced. */
export interface PreparedRequest {
  /** The method. */
  readonly method: string;
  /** Where to. Its origin must stay. */
  url: URL;
  /** All headers but `Host` and `Content-Length`. */
  headers: Headers;
  /** The body. */
  readonly body: readonly Bytes[] | undefined;
}

/** What {@linkcode Transport.send} takes. */
export interface HttpRequest {
  /** The method; `GET` unless said otherwise. */
  method?: string | undefined;
  /** Where to, without user information. */
  url: URL | string;
  /** Headers. They go to the URL's origin alone; elsewhere go those on ranges and representation. */
  headers?: HeadersInit | undefined;
  /**
   * The body, whole, so that it can be sent again. It is lent until the promise settles: a runtime
   * sends straight out of these buffers.
   */
  body?: Bytes | readonly Bytes[] | null | undefined;
  /**
   * Completes the request, anew for each attempt and each redirect within the origin: a signature, a
   * token. It is not called for another origin.
   */
  prepare?: ((request: PreparedRequest) => void | Promise<void>) | undefined;
  /** The URL comes from the operator, not a user: it is not judged, nor are redirects in its origin. */
  trusted?: boolean | undefined;
  /** Whether redirects are followed; only `GET` and `HEAD` can be. `follow` unless said otherwise. */
  redirect?: "follow" | "refuse" | undefined;
  /**
   * Whether to send again what failed: `safe` (the default) if the method is idempotent (RFC 9110,
   * section 9.2.2), `always`, or `never`.
   */
  retry?: "safe" | "always" | "never" | undefined;
  /** The statuses that are returned; all of 2xx unless said otherwise. Any other is thrown. */
  accept?: readonly number[] | undefined;
  /** Makes the error of a status that is not accepted, from the body if need be. */
  fail?: ((response: HttpResponse) => Error | Promise<Error>) | undefined;
  /**
   * Asked first about an answer that is not accepted: whether to send the request again at once,
   * because something was put right (a new token, a corrected clock). At most twice a request.
   */
  recover?: ((response: HttpResponse) => boolean | Promise<boolean>) | undefined;
  /** Other times to wait than the transport's, for what is known to take long. */
  timeouts?: Partial<Pick<Timeouts, "firstByte" | "idle">> | undefined;
  /** Ends the request and the body of its answer. */
  signal?: AbortSignal | undefined;
}

/**
 * Sends requests for one store. Failed connections and the statuses 408, 429, 500, 502, 503 and 504
 * are tried again; redirects are followed one by one, each judged; what is not accepted is an error.
 *
 * @example Reading JSON
 * ```ts
 * import { EgressGate, Transport } from "./mod.ts";
 *
 * async function version(endpoint: URL): Promise<string> {
 *   const transport = new Transport({ timeouts: { firstByte: 5_000 } });
 *   const response = await transport.send({ url: endpoint, trusted: true });
 *   return JSON.parse(await response.text()).version;
 * }
 * ```
 */
export class Transport {
  /** How failed requests, and broken bodies, are tried again. */
  readonly retry: RetryOptions;
  #gate: EgressGate | undefined;
  readonly #timeouts: Timeouts;
  readonly #proxies: Readonly<Record<string, string>>;
  readonly #runtime: RuntimeEngine;
  readonly #send: Engine;

  /** Makes a client; nothing is opened. */
  constructor(options: TransportOptions = {}) {
    const { gate, timeouts, fetch, caFile, insecure, proxies = {}, ...retry } = options;
    this.retry = retry;
    this.#gate = gate;
    const { connect = 10_000, firstByte = 30_000, idle = 60_000 } = timeouts ?? {};
    this.#timeouts = { connect, firstByte, idle };
    this.#proxies = proxies;
    this.#runtime = new RuntimeEngine({ caFile, insecure, proxies, connect });
    this.#send = fetch ? fetchEngine(fetch) : this.#runtime.send;
  }

  /** Ends the connections that are kept for later. */
  close(): Promise<void> {
    return this.#runtime.close();
  }

  /**
   * Sends a request and resolves to an answer that is accepted.
   *
   * Throws what `fail` makes of any other answer (by default `NotFound`, `Forbidden`,
   * `NotAuthenticated`, `RemoteServiceUnavailable`, ... by its status), `RemoteServiceUnavailable`,
   * `TimeoutError`, `EgressDenied`, `MaxRedirectsExceeded`, and the signal's reason.
   */
  async send(request: HttpRequest): Promise<HttpResponse> {
    const began = Date.now();
    const attempt = () => this.#attempt(request);
    const first = attempt();
    const response = await first.catch(() => undefined);
    if (response?.isAmong(request.accept)) return response;
    const { sendAgain } = await import("./again.ts");
    return await sendAgain(request, first, attempt, this.retry, began);
  }

  /** One attempt, through its redirects. */
  async #attempt(request: HttpRequest): Promise<HttpResponse> {
    const ask: Follower["ask"] = (...hop) => this.#ask(...hop);
    const response = await ask(request, new URL(request.url), "manual");
    const { status, redirected, hidden } = response;
    if (!redirected && !hidden && Math.floor(status / 100) !== 3) return response;
    const { followRedirects } = await import("./redirects.ts");
    const judge = async (url: URL) => (await this.#loadGate()).judge(url);
    return await followRedirects(request, response, { ask, judge });
  }

  /** Asks for one URL: the request's own, or one that a redirect leads to. */
  async #ask(
    request: HttpRequest,
    url: URL,
    redirect: "manual" | "follow",
  ): Promise<HttpResponse> {
    const { method = "GET", prepare, trusted } = request;
    const addresses = trusted ? undefined : await this.#judge(url);
    const body = request.body instanceof Uint8Array ? [request.body] : request.body ?? undefined;
    const prepared = { method, url, headers: new Headers(request.headers), body };
    await prepare?.(prepared);
    if (prepared.url.origin !== url.origin) {
      throw new EgressDenied(`the prepared request goes to ${prepared.url.origin}`);
    }
    return await this.#once({ ...prepared, addresses, redirect }, request);
  }

  /** The addresses that may be connected to, where that is known. A proxy finds them by itself. */
  async #judge(url: URL): Promise<readonly string[] | undefined> {
    const gate = await this.#loadGate();
    if (!this.#proxies[url.protocol.slice(0, -1)]) return await gate.check(url);
    gate.judge(url);
    return undefined;
  }

  /** The gate; a store that asks trusted URLs alone never loads one. */
  async #loadGate(): Promise<EgressGate> {
    return this.#gate ??= new (await import("./gate.ts")).EgressGate();
  }

  async #once(
    outgoing: Omit<EngineRequest, "signal">,
    { signal, timeouts }: HttpRequest,
  ): Promise<HttpResponse> {
    signal?.throwIfAborted();
    const controller = new AbortController();
    const abort = () => controller.abort(signal!.reason);
    signal?.addEventListener("abort", abort, { once: true });
    const dispose = () => signal?.removeEventListener("abort", abort);
    const size = outgoing.body?.reduce((sum, { length }) => sum + length, 0) ?? 0;
    const { connect, firstByte, idle } = { ...this.#timeouts, ...timeouts };
    const limit = connect + firstByte + size / 65.536;
    const timer = setTimeout(() => {
      controller.abort(new TimeoutError(`there was no answer for ${Math.round(limit)} ms`));
    }, limit);
    try {
      const response = await this.#send({ ...outgoing, signal: controller.signal });
      const { url, method } = outgoing;
      return new HttpResponse(response, { url, method, idle, controller, dispose });
    } catch (error) {
      dispose();
      clearTimeout(timer);
      const { broken } = await import("./broken.ts");
      const failure = broken(error, controller.signal);
      controller.abort(failure);
      throw failure;
    } finally {
      clearTimeout(timer);
    }
  }
}
