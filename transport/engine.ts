/**
 * What sends one request and gives its answer: the runtime's `fetch`, or `node:http`.
 *
 * @module
 */
import { BadStoreConfiguration } from "../errors/mod.ts";
import type { Bytes } from "../streams/mod.ts";
import type { NodeEngine } from "./node_engine.ts";

/** One request as it goes out. */
export interface EngineRequest {
  /** The method, in capitals. */
  method: string;
  /** Where to, without user information. */
  url: URL;
  /** All headers but `Host` and `Content-Length`. */
  headers: Headers;
  /** The body, lent until the answer is there. */
  body: readonly Bytes[] | undefined;
  /** What `fetch` does with a redirect. */
  redirect: "manual" | "follow";
  /** Ends the request, and the body of the answer. */
  signal: AbortSignal;
  /** Addresses that the gate has judged; an engine that can connects to these alone. */
  addresses: readonly string[] | undefined;
}

/** An answer. It is `blind` where its engine takes a TLS connection that was cut for one that ended. */
export type EngineResponse = Response & { blind?: boolean };

/** Sends a request and resolves when the headers of its answer are there. Redirects are answers. */
export type Engine = (request: EngineRequest) => Promise<EngineResponse>;

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** How to reach servers. Only where the runtime has `node:http`; elsewhere it is refused. */
export interface TlsOptions {
  /** Path of a PEM file of the authorities to trust, instead of the runtime's. */
  caFile?: string | undefined;
  /** Trusts any certificate, unless there is a `caFile`. */
  insecure?: boolean | undefined;
  /** Proxies by scheme, `host:port` or a URL: `{ https: "proxy.example.org:3128" }`. */
  proxies?: Readonly<Record<string, string>> | undefined;
}

/** Bodies from this size on, in bytes, go out through `node:http`: it takes a third of the time. */
const LARGE = 65_536;

/** The runtime's best engine for each request. */
export class RuntimeEngine {
  readonly #options: TlsOptions & { connect: number };
  readonly #special: boolean;
  #node: Promise<NodeEngine | undefined> | undefined;

  /** Makes an engine; nothing is opened. `connect` is in milliseconds. */
  constructor(options: TlsOptions & { connect: number }) {
    const { caFile, insecure, proxies } = options;
    this.#options = options;
    this.#special = Boolean(caFile || insecure || Object.keys(proxies ?? {}).length > 0);
  }

  /** Sends a request. */
  readonly send: Engine = async (request) => {
    const size = request.body?.reduce((sum, { length }) => sum + length, 0) ?? 0;
    if (this.#special || request.addresses || size >= LARGE) {
      const node = await (this.#node ??= load(this.#options));
      if (node) return await node.send(request);
      if (this.#special) {
        throw new BadStoreConfiguration("this runtime has no CA file, insecure TLS or proxies");
      }
    }
    return await fetchEngine((url, init) => fetch(url, init))(request);
  };

  /** Ends the connections that are kept. */
  async close(): Promise<void> {
    const node = this.#node;
    this.#node = undefined;
    (await node?.catch(() => undefined))?.close();
  }
}

async function load(options: TlsOptions & { connect: number }): Promise<NodeEngine | undefined> {
  return await (await import("./node_engine.ts")).nodeEngine(options);
}

/** An engine over `fetch`. */
export function fetchEngine(fetch: Fetch): Engine {
  return async ({ method, url, headers, body, redirect, signal }) => {
    const init: RequestInit = { method, headers, signal, redirect };
    // Not an empty Blob: Deno would send it in chunks, without the length that servers ask for.
    if (body !== undefined) {
      init.body = body.length > 1 ? new Blob([...body]) : body[0] ?? new Uint8Array();
    }
    return await fetch(url.href, init);
  };
}
