/**
 * Redirects: followed one by one, each judged, with credentials left behind. Loaded when a server
 * answers with the first.
 *
 * @module
 */
import { EgressDenied, MaxRedirectsExceeded } from "../errors/mod.ts";
import type { HttpResponse } from "./response.ts";
import type { HttpRequest } from "./transport.ts";

const MAX_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];
/** Headers that may go to any origin. */
const HARMLESS = /^(accept(-.*)?|range|if-.*|user-agent)$/;

/** What following takes. */
export interface Follower {
  /** Asks for a URL; with `follow`, a browser may be led elsewhere by itself. */
  ask(request: HttpRequest, url: URL, redirect: "manual" | "follow"): Promise<HttpResponse>;
  /** Throws `EgressDenied` unless the URL may be asked for. */
  judge(url: URL): Promise<unknown>;
}

/**
 * The answer that the redirects from the first answer to a request end at. Throws `EgressDenied` and
 * `MaxRedirectsExceeded`.
 */
export async function followRedirects(
  request: HttpRequest,
  first: HttpResponse,
  { ask, judge }: Follower,
): Promise<HttpResponse> {
  const { method = "GET", redirect = "follow" } = request;
  const { origin } = new URL(request.url);
  const follows = redirect === "follow" && ["GET", "HEAD"].includes(method);
  const seen = new Set<string>();
  let response = first;
  // A browser shows nobody where a redirect leads; it follows by its own rules or not at all.
  if (follows && response.hidden && !request.prepare && !secretsOf(request).length) {
    await response.release();
    response = await ask(request, response.url, "follow");
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
    const next = response.headers.get("location");
    if (!follows || !REDIRECTS.includes(response.status) || next === null) return response;
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
    response = await ask(url.origin === origin ? request : abroad(request), url, "manual");
  }
}

/** The names of the headers that are for the request's origin alone. */
function secretsOf({ headers }: HttpRequest): string[] {
  return [...new Headers(headers).keys()].filter((name) => !HARMLESS.test(name));
}

/** The request as it may go to another origin. */
function abroad(request: HttpRequest): HttpRequest {
  const headers = new Headers(request.headers);
  for (const name of secretsOf(request)) headers.delete(name);
  return { ...request, headers, prepare: undefined, trusted: false };
}
