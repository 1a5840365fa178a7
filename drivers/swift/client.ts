/**
 * Requests to one account: with its token, a new one where it has ended, errors as stores throw them.
 *
 * @module
 */
import {
  BackendException,
  ChecksumMismatch,
  Duplicate,
  InvalidImageId,
  NotFound,
  RemoteServiceUnavailable,
  StorageFull,
  type StoreError,
} from "../../errors/mod.ts";
import { encodePath } from "../../location/percent_encoding.ts";
import type { Bytes } from "../../streams/mod.ts";
import type { HttpResponse } from "../../transport/response.ts";
import { parseRetryAfter } from "../../transport/headers.ts";
import { statusError } from "../../transport/errors.ts";
import type { HttpRequest } from "../../transport/request.ts";
import type { Transport } from "../../transport/transport.ts";
import type { Access, Session } from "./session.ts";

/** How long to wait for a server that is at work, in milliseconds. */
const SLOW = 600_000;

/** A request to the account. */
export interface SwiftRequest {
  /** The method; `GET` unless said otherwise. */
  method?: string | undefined;
  /** The container; the account itself unless said otherwise. */
  container?: string | undefined;
  /** The object; the container itself unless said otherwise. */
  object?: string | undefined;
  /** The query, in plain text. */
  query?: Readonly<Record<string, string>> | undefined;
  /** Headers beside the token. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** The body, lent until the answer is there. */
  body?: readonly Bytes[] | undefined;
  /** The statuses that are returned; all of 2xx unless said otherwise. */
  accept?: readonly number[] | undefined;
  /** Sends again also what is not idempotent by its method. */
  retry?: "always" | undefined;
  /** The server may be at work for minutes before it answers: it copies, puts together, deletes many. */
  slow?: boolean | undefined;
  /** Ends the request. */
  signal?: AbortSignal | undefined;
}

/** One entry of a listing, as Swift writes it. */
export interface Listed {
  /** Name of the object or container. */
  name?: string;
  /** A directory, with its slash. */
  subdir?: string;
  /** Size in bytes: of what the object holds, which of a dynamic manifest is nothing. */
  bytes?: number;
  /** md5 of what the object holds. */
  hash?: string;
  /** Entity tag of a static large object, quotes included. */
  slo_etag?: string;
  /** When it was last changed, in UTC. */
  last_modified?: string;
}

/** The client of one account, as one user. */
export class SwiftClient {
  readonly #transport: Transport;
  readonly #session: Session;
  readonly #trusted: boolean;

  /** `trusted` accounts are those that the configuration or a login names. */
  constructor(transport: Transport, session: Session, trusted: boolean) {
    this.#transport = transport;
    this.#session = session;
    this.#trusted = trusted;
  }

  /** URL of the account. */
  async accountUrl(signal?: AbortSignal): Promise<string> {
    return (await this.#session.access(signal)).accountUrl;
  }

  /** Sends a request and resolves to an answer that is accepted. */
  async send(request: SwiftRequest): Promise<HttpResponse> {
    return await this.#transport.send(await this.request(request));
  }

  /** Sends a request whose answer has no body of interest, and resolves to that answer. */
  async ask(request: SwiftRequest): Promise<HttpResponse> {
    const response = await this.send(request);
    await response.release();
    return response;
  }

  /** Sends a request whose answer is JSON, and resolves to it. */
  async json<T>(request: SwiftRequest): Promise<T> {
    const headers = { accept: "application/json", ...request.headers };
    const response = await this.send({ ...request, headers });
    const text = await response.text(67_108_864);
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new BackendException("the server answered with something else than JSON", { cause });
    }
  }

  /**
   * All pages of a listing of the account or a container, in the order of the names' bytes; none of
   * one that does not exist, unless `strict` asks for `NotFound`. What `skip` gives for an entry is
   * where to go on instead.
   */
  async *list(
    container: string | undefined,
    options: {
      prefix?: string | undefined;
      delimiter?: string | undefined;
      signal?: AbortSignal | undefined;
      skip?: ((name: string) => string | undefined) | undefined;
      strict?: boolean | undefined;
    },
  ): AsyncGenerator<Listed> {
    const { prefix, delimiter, signal, skip, strict } = options;
    for (let marker = "";;) {
      const query = {
        format: "json",
        ...(prefix ? { prefix } : {}),
        ...(delimiter ? { delimiter } : {}),
        ...(marker ? { marker } : {}),
      };
      // The server says how long a page is, so that only an empty one is the last.
      const request = { container, query, signal };
      const page = await this.json<Listed[]>(request).catch((error): Listed[] => {
        // After a page it means that the rest cannot be had just now.
        if (error instanceof NotFound && !strict && marker === "") return [];
        throw error;
      });
      if (page.length === 0) return;
      for (const entry of page) {
        const name = entry.name ?? entry.subdir ?? "";
        const next = skip?.(name);
        marker = next ?? name;
        if (next !== undefined) break;
        yield entry;
      }
    }
  }

  /** A request as the transport takes it. */
  async request(request: SwiftRequest): Promise<HttpRequest> {
    const { method = "GET", container, object, query, headers, body, accept, signal } = request;
    const { retry, slow } = request;
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
      ...(slow ? { timeouts: { firstByte: SLOW, idle: SLOW } } : {}),
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
}

/** The path of a container or object below its account, percent-encoded. */
export function objectPath(container: string, object?: string): string {
  const path = `/${encodeURIComponent(container)}`;
  return object === undefined ? path : `${path}/${encodePath(object)}`;
}

/** The URL of an account, a container or an object. */
export function objectUrl(accountUrl: string, container?: string, object?: string): URL {
  const url = new URL(accountUrl);
  if (container !== undefined) {
    url.pathname = url.pathname.replace(/\/+$/, "") + objectPath(container, object);
  }
  return url;
}

/** The error that an answer of Swift's is. */
async function swiftError(
  response: HttpResponse,
  method: string,
  object: string | undefined,
): Promise<StoreError> {
  const { status, headers } = response;
  const retryAfter = parseRetryAfter(headers);
  switch (status) {
    case 400:
      // Names can be too long for a server; in answer to a HEAD it cannot say so.
      if (object !== undefined && (method === "HEAD" || /name/i.test(await response.text()))) {
        return new InvalidImageId("the server refuses the object's name (400)");
      }
      return statusError({ status, headers });
    case 404:
      return new NotFound("there is no such object or container");
    case 409:
      return method === "PUT"
        ? new Duplicate("the image exists already")
        : new BackendException("the image's segments are not those that its manifest names (409)");
    case 412:
      return method === "PUT"
        ? new Duplicate("the image exists already")
        : statusError({ status, headers });
    case 413:
      return new StorageFull("the server takes no more: a quota, or its largest object (413)");
    case 422:
      return new ChecksumMismatch("what arrived has another md5 (422)", { retryable: true });
    case 498: // Swift's own, of its ratelimit middleware.
      return new RemoteServiceUnavailable("the server answered 498", { retryAfter });
    default:
      return statusError({ status, headers });
  }
}
