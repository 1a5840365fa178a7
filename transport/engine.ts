/**
 * What an engine is: it sends one request and returns its response.
 *
 * @module
 */
import { isDeno } from "../runtime/mod.ts";
import type { Bytes } from "../streams/mod.ts";
import type { Proxy } from "./proxy.ts";

/** A request for an engine. */
export interface EngineRequest {
  /** The method, in capitals. */
  method: string;
  /** The URL, without user information. */
  url: URL;
  /** All headers but `Host` and `Content-Length`. */
  headers: Headers;
  /** The body. It must not be changed until the response is there. */
  body: readonly Bytes[] | undefined;
  /** What `fetch` does with a redirect. */
  redirect: "manual" | "follow";
  /** Ends the request, and the body of the response. */
  signal: AbortSignal;
  /** The addresses that the egress gate has judged. An engine that can connects to no others. */
  addresses: readonly string[] | undefined;
  /** Whether it has a connection of its own. Only the engine of `node:http` can. */
  ownConnection: boolean;
  /** The proxy that it goes through. Only the engine of `node:http` can. */
  proxy: Proxy | undefined;
}

/** A response, and what its engine has done to it. */
export type EngineResponse = Response & {
  /** Whether the engine takes a TLS connection that was cut for one that ended. */
  isBlind?: boolean;
  /** Whether the engine has decoded the body, so that it is not what the server has stored. */
  isDecoded?: boolean;
};

/** Sends a request and resolves when the headers of its response are there. Follows no redirects. */
export type Engine = (request: EngineRequest) => Promise<EngineResponse>;

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** What TLS trusts. Only with `node:http`; a runtime without it refuses these options. */
export interface TlsOptions {
  /** Path of a PEM file of the authorities to trust, in place of those of the runtime. */
  caFile?: string | undefined;
  /** Trusts any certificate. It has no effect with a `caFile`, as in glance_store. Default: `false`. */
  insecure?: boolean | undefined;
}

/**
 * Returns an engine that sends requests with `fetch`.
 *
 * @param fetch The function to use.
 * @returns The engine.
 */
export function fetchEngine(fetch: Fetch): Engine {
  return async ({ method, url, headers, body, redirect, signal }) => {
    const init: RequestInit = { method, headers, signal, redirect };
    // Not an empty Blob: Deno would send it in chunks, without the length that servers require.
    if (body !== undefined) {
      init.body = body.length > 1 ? new Blob([...body]) : body[0] ?? new Uint8Array();
    }
    const response = await fetch(url.href, init);
    return Object.assign(response, { isDecoded: isDecoded(response) });
  };
}

/**
 * Whether `fetch` has decoded a body: every runtime decodes what it can, whatever was accepted, but Deno
 * not with `Accept-Encoding: identity`.
 */
function isDecoded({ headers, body }: Response): boolean {
  const coding = headers.get("content-encoding") ?? "";
  return body !== null && !isDeno() && /\b(gzip|deflate|br|zstd)\b/i.test(coding);
}
