/**
 * The HTTP client of the stores: retries, redirects, timeouts, the egress gate.
 *
 * @module
 */
import { EgressDenied, TimeoutError } from "../errors/mod.ts";
import { maskUri } from "../location/mod.ts";
import { raceAbort } from "../streams/abort.ts";
import type { RetryOptions } from "./backoff.ts";
import type { EgressGate } from "./egress_gate.ts";
import { type Engine, type Fetch, fetchEngine, type TlsOptions } from "./engine.ts";
import type { Proxy, ProxyOptions } from "./proxy.ts";
import type { HttpRequest, Timeouts } from "./request.ts";
import { MOST_REQUESTS, takeTurn } from "./request_limit.ts";
import { HttpResponse } from "./response.ts";
import { RuntimeEngine } from "./runtime_engine.ts";

/** How many times longer than usual a server may be at work that copies, joins or deletes many. */
const SLOWNESS = 20;

/** A timeout at most, in milliseconds: 11 days. A timer that is set to 2^31 or more ends at once. */
const LONGEST = 1_000_000_000;

/** Options of a {@linkcode Transport}. */
export interface TransportOptions extends RetryOptions, TlsOptions, ProxyOptions {
  /** Judges URLs that are not trusted, and redirects. Default: a gate without rules of its own. */
  gate?: EgressGate | undefined;
  /** How long to wait. Default: 10 s to connect, 30 s for the first byte, 60 s idle. */
  timeouts?: { [Name in keyof Timeouts]?: Timeouts[Name] | undefined } | undefined;
  /**
   * How many requests to one server may wait for their responses at the same time, those of all other clients
   * of the process included. The others wait for their turn. workerd has a limit of its own. Default: 64.
   */
  requests?: number | undefined;
  /** Sends all requests in place of the runtime. TLS and proxies are its business then. */
  fetch?: Fetch | undefined;
}

/**
 * Sends requests for one store. Failed connections and the statuses 408, 429, 500, 502, 503 and 504
 * are retried, redirects are followed one by one, and a response that is not accepted is an error.
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
  /** How failed requests, and broken bodies, are retried. */
  readonly retry: RetryOptions;
  /**
   * The timeouts of requests that keep a server at work before it responds: 20 times the usual time, which
   * is 10 minutes by default.
   */
  readonly slow: Pick<Timeouts, "firstByte" | "idle">;
  #gate: EgressGate | undefined;
  readonly #timeouts: Timeouts;
  readonly #runtime: RuntimeEngine;
  readonly #engine: Engine;
  readonly #hasOwnFetch: boolean;
  readonly #requests: number;

  /**
   * Creates a client. Nothing is opened.
   *
   * @param options Timeouts, retries, TLS, proxies and the egress gate.
   */
  constructor(options: TransportOptions = {}) {
    const { gate, timeouts, fetch, caFile, insecure, proxy, proxies, ...others } = options;
    const { requests = MOST_REQUESTS, ...retry } = others;
    this.retry = retry;
    this.#requests = requests;
    this.#gate = gate;
    const connect = Math.min(timeouts?.connect ?? 10_000, LONGEST);
    const firstByte = Math.min(timeouts?.firstByte ?? 30_000, LONGEST);
    const idle = Math.min(timeouts?.idle ?? 60_000, LONGEST);
    const slow = Math.min(firstByte * SLOWNESS, LONGEST);
    this.#timeouts = { connect, firstByte, idle };
    this.slow = { firstByte: slow, idle: slow };
    this.#runtime = new RuntimeEngine({ caFile, insecure, connect, proxy, proxies });
    this.#hasOwnFetch = fetch !== undefined;
    this.#engine = fetch ? fetchEngine(fetch) : (request) => this.#runtime.send(request);
  }

  /** Closes the connections that are kept for further requests. */
  close(): Promise<void> {
    return this.#runtime.close();
  }

  /**
   * Sends a request.
   *
   * @param request The request.
   * @returns A response that is accepted. Its body must be read to the end or released.
   * @throws {RemoteServiceUnavailable} If the connection fails, or the server is not available.
   * @throws {TimeoutError} If the server does not respond in time.
   * @throws {EgressDenied} If the URL, or that of a redirect, is not allowed.
   * @throws {MaxRedirectsExceeded} If there are more than five redirects.
   * @throws {StoreError} What `fail` returns for any other response. Default: `NotFound`, `Forbidden`,
   * `NotAuthenticated`, ... by its status.
   */
  async send(request: HttpRequest): Promise<HttpResponse> {
    const started = Date.now();
    const first = this.#attempt(request);
    const isAccepted = await first.then(
      (response) => response.isAmong(request.accept),
      () => false,
    );
    if (isAccepted) return await first;
    const { sendAgain } = await import("./retry.ts");
    return await sendAgain(request, first, () => this.#attempt(request), this.retry, started);
  }

  /** Sends a request once, and follows its redirects. */
  async #attempt(request: HttpRequest): Promise<HttpResponse> {
    const response = await this.#sendTo(request, new URL(request.url), "manual");
    const { status, redirected, hidden } = response;
    if (!redirected && !hidden && Math.floor(status / 100) !== 3) return response;
    const { followRedirects } = await import("./redirects.ts");
    return await followRedirects(request, response, {
      send: (...hop) => this.#sendTo(...hop),
      judge: async (url) => (await this.#loadGate()).judge(url),
    });
  }

  /** Sends a request to its own URL, or to one that a redirect leads to. */
  async #sendTo(
    request: HttpRequest,
    url: URL,
    redirect: "manual" | "follow",
  ): Promise<HttpResponse> {
    const { method = "GET", prepare, signal, ownConnection = false } = request;
    if (!/^https?:$/.test(url.protocol)) {
      // Also where the URL is trusted: many come from a server, and `fetch` opens files.
      throw new EgressDenied(
        `${maskUri(url.href)} is not an http or https URL`,
      );
    }
    const body = request.body instanceof Uint8Array ? [request.body] : request.body ?? undefined;
    const prepared = { method, url, headers: new Headers(request.headers), body };
    await prepare?.(prepared);
    if (prepared.url.origin !== url.origin) {
      throw new EgressDenied(`the prepared request goes to ${prepared.url.origin}`);
    }
    // Encoded on the way, an image would have another size and other digests. It is not signed, as
    // browsers have a value of their own.
    if (!prepared.headers.has("accept-encoding")) {
      prepared.headers.set("accept-encoding", "identity");
    }
    signal?.throwIfAborted();
    const leave = await takeTurn(url.origin, this.#requests, signal);
    const controller = new AbortController();
    const abort = () => controller.abort(signal!.reason);
    signal?.addEventListener("abort", abort, { once: true });
    const dispose = () => signal?.removeEventListener("abort", abort);
    const size = body?.reduce((sum, { length }) => sum + length, 0) ?? 0;
    const { connect, firstByte, idle } = { ...this.#timeouts, ...request.timeouts };
    const limit = connect + firstByte + size / 65.536;
    const timer = setTimeout(() => {
      controller.abort(new TimeoutError(`the server sent no response for ${Math.round(limit)} ms`));
    }, limit);
    try {
      const proxy = this.#hasOwnFetch ? undefined : await this.#runtime.proxyFor(url);
      const addresses = request.trusted
        ? undefined
        : await raceAbort(this.#judge(url, proxy), controller.signal);
      const outgoing = {
        ...prepared,
        redirect,
        proxy,
        addresses,
        ownConnection,
        signal: controller.signal,
      };
      const response = await this.#engine(outgoing);
      return new HttpResponse(response, { url: prepared.url, method, idle, controller, dispose });
    } catch (error) {
      dispose();
      const { connectionError } = await import("./errors.ts");
      const failure = connectionError(error, controller.signal);
      controller.abort(failure);
      throw failure;
    } finally {
      clearTimeout(timer);
      leave();
    }
  }

  /** The addresses that may be connected to, if known. A proxy resolves names on its own. */
  async #judge(url: URL, proxy: Proxy | undefined): Promise<readonly string[] | undefined> {
    const gate = await this.#loadGate();
    return proxy ? gate.judgeProxied(url) : await gate.check(url);
  }

  /** The gate. A store that sends requests to trusted URLs alone never loads one. */
  async #loadGate(): Promise<EgressGate> {
    return this.#gate ??= new (await import("./egress_gate.ts")).EgressGate();
  }
}
