/**
 * What sends one request and gives its answer: the runtime's `fetch`, or `node:http`.
 *
 * @module
 */
import type { Bytes } from "../streams/mod.ts";

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
  /** Ends the request, and the body of the answer. */
  signal: AbortSignal;
  /** Addresses that the gate has judged; an engine that can connects to these alone. */
  addresses: readonly string[] | undefined;
}

/** Sends a request and resolves when the headers of its answer are there. Redirects are answers. */
export type Engine = (request: EngineRequest) => Promise<Response>;

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** An engine over `fetch`. */
export function fetchEngine(fetch: Fetch): Engine {
  return async ({ method, url, headers, body, signal }) => {
    const init: RequestInit = { method, headers, signal, redirect: "manual" };
    if (body !== undefined) init.body = body.length === 1 ? body[0]! : new Blob([...body]);
    const response = await fetch(url.href, init);
    // A browser shows nobody where a redirect leads; it follows by its own rules or not at all.
    if (response.type !== "opaqueredirect") return response;
    return await fetch(url.href, { ...init, redirect: "follow" });
  };
}
