/**
 * Requests to one account: with its token, a new one where it has ended, errors as stores throw them.
 *
 * @module
 */
import { BackendException, InvalidImageId, NotFound } from "../../errors/mod.ts";
import { encodePath } from "../../location/percent_encoding.ts";
import { compareNames } from "../../store/listing.ts";
import { parseHttpDate } from "../../streams/encoding.ts";
import type { Bytes } from "../../streams/mod.ts";
import type { HttpRequest } from "../../transport/request.ts";
import type { HttpResponse } from "../../transport/response.ts";
import type { Transport } from "../../transport/transport.ts";
import { checkAccountUrl } from "./catalog.ts";
import { swiftError } from "./errors.ts";
import { type Listed, parseListed, reasonAgainst } from "./listed.ts";
import type { Access, Session } from "./session.ts";
import { checkOrigin } from "./stat.ts";

/** The size of a JSON document at most, in bytes: a listing of 10,000 of the longest names has 23 MiB. */
export const DOCUMENT_LIMIT = 25_165_824;

/** The statuses with which Swift confirms a change. 200 is not among them: any web page has it. */
const DONE: Readonly<Record<string, readonly number[]>> = {
  PUT: [201, 202],
  POST: [201, 202, 204],
  DELETE: [202, 204],
};

/** The statuses of a server that is there, whatever it responds. */
const ANY = [200, 204, 401, 403, 404];

/** A request to the account. */
export interface SwiftRequest {
  /** The method. Default: `GET`. */
  method?: string | undefined;
  /** The container. Default: the account itself. */
  container?: string | undefined;
  /** The object. Default: the container itself. */
  object?: string | undefined;
  /** The query, in plain text. */
  query?: Readonly<Record<string, string>> | undefined;
  /** Headers beside the token. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** The body. It must not be changed until the response is there. */
  body?: readonly Bytes[] | undefined;
  /** The statuses that are accepted. Default: those of a success of the method. */
  accept?: readonly number[] | undefined;
  /** Sends a failed request again though its method is not idempotent. */
  retry?: "always" | undefined;
  /** The server may be at work for minutes before it responds: it copies, joins, deletes many. */
  slow?: boolean | undefined;
  /** Ends the request. */
  signal?: AbortSignal | undefined;
}

/** Options of {@linkcode SwiftClient.list}. */
export interface ListRequest {
  /** What all names begin with. */
  prefix?: string | undefined;
  /** The character that ends a directory. */
  delimiter?: string | undefined;
  /** Only names after this one. Default: all. */
  startAfter?: string | undefined;
  /** Returns, for a name, where to continue instead of after it. */
  skip?: ((name: string) => string | undefined) | undefined;
  /** Whether what does not exist is `NotFound` instead of empty. */
  strict?: boolean | undefined;
  /** Ends the listing. */
  signal?: AbortSignal | undefined;
}

/** The client of one account, as one user. */
export class SwiftClient {
  readonly #transport: Transport;
  readonly #session: Session;
  readonly #trusted: boolean;
  #clockOffset: number | undefined;

  /**
   * Creates a client. Nothing is sent yet.
   *
   * @param transport Sends the requests.
   * @param session Gives the account's URL and the tokens.
   * @param trusted Whether the configuration or a login names the account, not a location URI.
   */
  constructor(transport: Transport, session: Session, trusted: boolean) {
    this.#transport = transport;
    this.#session = session;
    this.#trusted = trusted;
  }

  /**
   * Returns the URL of the account, after a login if need be.
   *
   * @param signal Ends the wait.
   * @returns The URL.
   */
  async accountUrl(signal?: AbortSignal): Promise<string> {
    return (await this.#session.access(signal)).accountUrl;
  }

  /** Time of the server minus our own, in milliseconds, by the last response. Default: 0. */
  get clockOffset(): number {
    return this.#clockOffset ?? 0;
  }

  /**
   * Returns how far the server's clock is ahead of ours, after a request if there was none yet.
   *
   * @returns The difference in milliseconds.
   */
  async serverClock(): Promise<number> {
    if (this.#clockOffset === undefined) await this.send({ method: "HEAD", accept: ANY });
    return this.clockOffset;
  }

  /**
   * Sends a request.
   *
   * @param request The request.
   * @returns A response that is accepted. Its body must be read to the end or released.
   */
  async open(request: SwiftRequest): Promise<HttpResponse> {
    return this.#noteTime(await this.#transport.send(await this.request(request)));
  }

  /**
   * Sends a request whose response has no body of interest.
   *
   * @param request The request.
   * @returns A response that is accepted, without its body.
   */
  async send(request: SwiftRequest): Promise<HttpResponse> {
    const response = await this.open(request);
    await response.release();
    if (request.method === "HEAD" && response.ok) {
      checkOrigin(response.headers, request.object !== undefined);
    }
    return response;
  }

  /**
   * Sends a request whose response is JSON.
   *
   * @param request The request.
   * @returns What the document holds.
   * @throws {BackendException} If the response is something else.
   */
  async json(request: SwiftRequest): Promise<unknown> {
    const headers = { accept: "application/json", ...request.headers };
    const response = await this.open({ ...request, headers });
    const text = await response.text(DOCUMENT_LIMIT);
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new BackendException(`${describe(request)}: the response is no JSON`, { cause });
    }
  }

  /**
   * Deletes an object. If a response is lost and the request is sent again, the object is not there any
   * more: that is a success.
   *
   * @param request The object, and a query.
   * @returns Whether the object was there and this request deleted it.
   */
  async delete(request: Omit<SwiftRequest, "method" | "accept">): Promise<boolean> {
    const outgoing = await this.request({
      ...request,
      method: "DELETE",
      accept: [...DONE["DELETE"]!, 404],
    });
    const { prepare, recover } = outgoing;
    let attempts = 0;
    const response = await this.#transport.send({
      ...outgoing,
      // Or a 404 could be the response to what the runtime has sent again.
      ownConnection: true,
      prepare: (prepared) => {
        attempts++;
        return prepare!(prepared);
      },
      recover: async (response) => {
        const isRecovered = await recover!(response);
        // A request without a valid token has deleted nothing.
        if (isRecovered) attempts--;
        return isRecovered;
      },
    });
    await response.release();
    return response.status !== 404 || attempts > 1;
  }

  /**
   * Lists the account or a container, page after page, in the order of the names' bytes.
   *
   * @param container The container, or `undefined` for the account.
   * @param options Prefix, delimiter and what to skip.
   * @returns The entries. There are none if the container does not exist, unless `strict`.
   * @throws {BackendException} If a page is no listing, or one of something else, or does not come after
   * the one before.
   */
  async *list(container: string | undefined, options: ListRequest): AsyncGenerator<Listed> {
    const { prefix, delimiter, signal, skip, strict, startAfter = "" } = options;
    const kind = container === undefined ? "container" : "object";
    for (let marker = startAfter;;) {
      const query = {
        format: "json",
        ...(prefix ? { prefix } : {}),
        ...(delimiter ? { delimiter } : {}),
        ...(marker ? { marker } : {}),
      };
      const request = { container, query, signal };
      const page = await this.json(request).catch((error): unknown => {
        // After a page it means that the rest cannot be had just now.
        if (error instanceof NotFound && !strict && marker === startAfter) return [];
        throw error;
      });
      const fail = (why: string) => new BackendException(`${describe(request)}: ${why}`);
      if (!Array.isArray(page)) throw fail("the response is no listing");
      // The server sets how long a page is, so that only an empty one is the last.
      if (page.length === 0) return;
      const before = marker;
      for (const value of page) {
        const entry = parseListed(value);
        if (entry === undefined) throw fail("the listing has an entry without a name");
        const reason = reasonAgainst(entry, { kind, prefix, delimiter });
        if (reason !== undefined) throw fail(reason);
        if (marker !== "" && compareNames(entry.name, marker) <= 0) {
          throw fail(`the listing does not advance: ${entry.name} comes after ${marker}`);
        }
        const next = skip?.(entry.name);
        marker = next ?? entry.name;
        if (next !== undefined) break;
        yield entry;
      }
      if (marker === before) throw fail("the listing does not advance");
    }
  }

  /**
   * Returns a request as the transport takes it.
   *
   * @param request The request.
   * @returns The request with its URL, token and errors.
   */
  async request(request: SwiftRequest): Promise<HttpRequest> {
    const { method = "GET", container, object, query, headers, body, signal } = request;
    const { accept = DONE[method], retry, slow } = request;
    const url = objectUrl(await this.accountUrl(signal), container, object);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    let used: Access;
    return {
      method,
      url,
      headers: { ...headers },
      body,
      accept,
      signal,
      retry,
      ...(slow ? { timeouts: this.#transport.slow } : {}),
      trusted: this.#trusted,
      redirect: "refuse",
      prepare: async (prepared) => {
        used = await this.#session.access(signal);
        if (used.token !== undefined) prepared.headers.set("x-auth-token", used.token);
      },
      recover: async ({ status }) => status === 401 && await this.#session.renew(used, signal),
      fail: (response) => swiftError(response, method, object),
    };
  }

  #noteTime(response: HttpResponse): HttpResponse {
    const date = parseHttpDate(response.headers.get("date"));
    if (date !== undefined) this.#clockOffset = date.getTime() - Date.now();
    return response;
  }
}

/** Names a request for an error. */
function describe({ method = "GET", container, object }: SwiftRequest): string {
  return [method, [container, object].filter(Boolean).join("/") || "the account"].join(" ");
}

/**
 * Returns the path of a container or object below its account.
 *
 * @param container The container.
 * @param object The object. Default: the container itself.
 * @returns The path, percent-encoded, with a leading slash.
 */
export function objectPath(container: string, object?: string): string {
  const path = `/${encodeURIComponent(container)}`;
  return object === undefined ? path : `${path}/${encodePath(object)}`;
}

/**
 * Returns the URL of an account, a container or an object.
 *
 * @param accountUrl URL of the account.
 * @param container The container. Default: the account itself.
 * @param object The object. Default: the container itself.
 * @returns The URL.
 * @throws {NoServiceEndpoint} If the account's URL is not one of http or https.
 * @throws {InvalidImageId} If a URL cannot have the name, because of a segment `.` or `..`.
 */
export function objectUrl(accountUrl: string, container?: string, object?: string): URL {
  const url = new URL(checkAccountUrl(accountUrl));
  if (container !== undefined) {
    const path = `${container}/${object ?? ""}`;
    // The URL would be that of another object (WHATWG URL, section 4.4, "double-dot URL path segment").
    if (path.split("/").some((segment) => /^\.{1,2}$/.test(segment))) {
      throw new InvalidImageId(`no URL can have the name ${JSON.stringify(path)}`);
    }
    url.pathname = url.pathname.replace(/\/+$/, "") + objectPath(container, object);
  }
  return url;
}
