/**
 * The HTTP client of the stores: retries, redirects, timeouts, the egress gate.
 *
 * @module
 */
import { EgressDenied, MaxRedirectsExceeded, StoreError, TimeoutError } from "../errors/mod.ts";
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
import { broken } from "./body.ts";
import { HttpResponse } from "./response.ts";
import { Backoff, retryAfterOf, type RetryOptions } from "./retry.ts";
import { isRetryable, statusError } from "./status.ts";

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
  /** Which attempt this is, from 0. */
  readonly attempt: number;
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

const MAX_REDIRECTS = 5;
const MAX_RECOVERIES = 2;
const REDIRECTS = [301, 302, 303, 307, 308];
const IDEMPOTENT = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"];
/** Headers that may go to any origin. */
const HARMLESS = /^(accept(-.*)?|range|if-.*|user-agent)$/;

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
    const { method = "GET", retry = "safe", accept, signal } = request;
    const again = retry === "always" || (retry === "safe" && IDEMPOTENT.includes(method));
    const backoff = new Backoff(this.retry);
    let recoveries = 0;
    for (let attempt = 0;; attempt++) {
      let failure: unknown;
      let status = 0;
      let wait: number | undefined;
      try {
        const response = await this.#follow(request, method, attempt);
        if (accept ? accept.includes(response.status) : response.ok) return response;
        try {
          if (recoveries++ < MAX_RECOVERIES && await request.recover?.(response)) continue;
          ({ status } = response);
          wait = retryAfterOf(response.headers);
          failure = await (request.fail ?? statusError)(response);
        } finally {
          await response.release();
        }
      } catch (error) {
        failure = error;
      }
      const retryable = isRetryable(status) || (failure instanceof StoreError && failure.retryable);
      if (!again || !retryable || !await backoff.wait(wait, signal)) throw failure;
    }
  }

  /** One attempt, through its redirects. */
  async #follow(request: HttpRequest, method: string, attempt: number): Promise<HttpResponse> {
    const { prepare, trusted = false, redirect = "follow" } = request;
    const body = request.body instanceof Uint8Array ? [request.body] : request.body ?? undefined;
    const first = new URL(request.url);
    const seen = new Set<string>();
    let url = first;
    for (;;) {
      const home = url.origin === first.origin;
      const addresses = trusted && home ? undefined : await this.#judge(url);
      let headers = new Headers(request.headers);
      if (home && prepare) {
        const prepared = { method, url, headers, body, attempt };
        await prepare(prepared);
        ({ url, headers } = prepared);
        if (url.origin !== first.origin) {
          throw new EgressDenied(`the prepared request goes to ${url.origin}`);
        }
      }
      const secrets = [...headers.keys()].filter((name) => !HARMLESS.test(name));
      if (!home) { for (const name of secrets) headers.delete(name); }
      const follows = redirect === "follow" && ["GET", "HEAD"].includes(method);
      const response = await this.#once(
        { method, url, headers, body, addresses, follow: follows && secrets.length === 0 },
        attempt,
        request,
      );
      const next = response.headers.get("location");
      if (!follows || !REDIRECTS.includes(response.status) || next === null) return response;
      await response.release();
      seen.add(url.href);
      if (!URL.canParse(next, url)) throw new EgressDenied("a redirect leads to no URL");
      url = new URL(next, url);
      url.hash = "";
      if (seen.has(url.href)) throw new MaxRedirectsExceeded("the redirects go in a circle");
      if (seen.size > MAX_REDIRECTS) {
        throw new MaxRedirectsExceeded(`there are more than ${MAX_REDIRECTS} redirects`);
      }
    }
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
    attempt: number,
    { signal, timeouts, trusted }: HttpRequest,
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
      const { method } = outgoing;
      let { url } = outgoing;
      if (response.redirected) {
        // A browser follows redirects by itself; where it got to is judged when it is known.
        const home = trusted && new URL(response.url).origin === url.origin;
        url = home ? new URL(response.url) : (await this.#loadGate()).judge(response.url);
      }
      return new HttpResponse(response, { url, attempt, method, idle, controller, dispose });
    } catch (error) {
      dispose();
      const failure = broken(error, controller.signal);
      controller.abort(failure);
      throw failure;
    } finally {
      clearTimeout(timer);
    }
  }
}
