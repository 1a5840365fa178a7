/**
 * Redirects: followed one by one. Each is judged, and credentials are not sent to another origin.
 *
 * @module
 */
import { EgressDenied, MaxRedirectsExceeded } from "../errors/mod.ts";
import type { HttpRequest } from "./request.ts";
import type { HttpResponse } from "./response.ts";

const MAX_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];
/** Headers that may be sent to any origin. */
const HARMLESS = /^(accept(-.*)?|range|if-.*|user-agent)$/;

/** What following redirects needs from the transport. */
export interface Follower {
  /**
   * Sends a request.
   *
   * @param request The method, the headers and the body.
   * @param url Where to send it, in place of the request's own URL.
   * @param redirect Whether a browser may follow further redirects on its own.
   * @returns The response, which may be another redirect.
   */
  send(request: HttpRequest, url: URL, redirect: "manual" | "follow"): Promise<HttpResponse>;
  /**
   * Judges where a redirect leads.
   *
   * @param url The URL that the response names.
   * @returns Anything, once the URL is allowed. It rejects with `EgressDenied` if it is not.
   */
  judge(url: URL): Promise<unknown>;
}

/**
 * Follows the redirects of a response.
 *
 * @param request The request.
 * @param first Its first response.
 * @param follower Sends the requests and judges their URLs.
 * @returns The response that is not a redirect, or is one that may not be followed.
 * @throws {EgressDenied} If a redirect leads to a URL that is not allowed.
 * @throws {MaxRedirectsExceeded} If there are more than five redirects, or they go in a circle.
 */
export async function followRedirects(
  request: HttpRequest,
  first: HttpResponse,
  { send, judge }: Follower,
): Promise<HttpResponse> {
  const { method = "GET", redirect = "follow" } = request;
  const { origin } = new URL(request.url);
  const follows = redirect === "follow" && ["GET", "HEAD"].includes(method);
  const seen = new Set<string>();
  let response = first;
  // A browser does not say where a redirect leads. It follows by its own rules or not at all.
  if (follows && response.hidden && !request.prepare && !secretHeaders(request).length) {
    await response.release();
    response = await send(request, response.url, "follow");
  }
  if (response.redirected && !(request.trusted && response.url.origin === origin)) {
    try {
      await judge(response.url);
    } catch (error) {
      await response.body.close(error);
      throw error;
    }
  }
  for (;;) {
    const next = parseLocation(response.headers);
    if (!follows || !REDIRECTS.includes(response.status) || next === undefined) return response;
    await response.release();
    const { url: here } = response;
    seen.add(here.href);
    if (!URL.canParse(next, here)) throw new EgressDenied("a redirect leads to no URL");
    const url = new URL(next, here);
    url.hash = "";
    if (seen.has(url.href)) throw new MaxRedirectsExceeded("the redirects go in a circle");
    if (seen.size > MAX_REDIRECTS) {
      throw new MaxRedirectsExceeded(`there are more than ${MAX_REDIRECTS} redirects`);
    }
    response = await send(requestTo(url, request), url, "manual");
  }
}

/**
 * Returns a request as it may be sent to a URL that a redirect leads to.
 *
 * @param url The URL.
 * @param request The request to the original URL.
 * @returns The request to the URL. For another origin it has no credentials, and the URL is judged.
 */
export function requestTo(url: URL, request: HttpRequest): HttpRequest {
  const { origin } = new URL(request.url);
  return url.origin === origin ? { ...request, url } : { ...crossOriginRequest(request), url };
}

/**
 * The target of a redirect. `fetch` turns each byte of a raw UTF-8 name into a character of its own; as
 * percent-encoded bytes they mean UTF-8 again.
 */
function parseLocation(headers: Headers): string | undefined {
  return headers.get("location")?.replace(
    /[\x80-\xff]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The names of the headers that are for the origin of the request alone. */
function secretHeaders({ headers }: HttpRequest): string[] {
  return [...new Headers(headers).keys()].filter((name) => !HARMLESS.test(name));
}

/** The request as it may be sent to another origin. */
function crossOriginRequest(request: HttpRequest): HttpRequest {
  const headers = new Headers(request.headers);
  for (const name of secretHeaders(request)) headers.delete(name);
  return { ...request, headers, prepare: undefined, trusted: false };
}
