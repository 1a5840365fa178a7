/**
 * The path tree over HTTP, for every runtime with the Fetch standard's `Request` and `Response`.
 *
 * @module
 */
import { Invalid } from "../../errors/mod.ts";
import type { Bytes } from "../../streams/mod.ts";
import type { Vfs } from "../../vfs/vfs.ts";
import type { HttpReply, HttpRequest } from "../http1/exchange.ts";
import { observedBody } from "./body.ts";
import { errorReply } from "./reply.ts";
import { createResponder, type HandlerOptions } from "./responder.ts";

/**
 * Creates a function that serves a tree: the URL's path, percent-decoded once, is the path of the tree.
 *
 * - GET and HEAD of an image: strong ETag, Last-Modified, conditions and ranges (RFC 9110), and a
 *   Repr-Digest (RFC 9530) where the digest is known; with a Range only if Want-Repr-Digest is sent. A
 *   read that fails after the headers were sent breaks the connection.
 * - GET and HEAD of a directory, whose path ends with `/`: a page, or JSON in the form of nginx's
 *   autoindex if `Accept` prefers `application/json`. Without the `/` it redirects.
 * - PUT adds an image, whole and never over another (409, or 412 with `If-None-Match: *`), and checks
 *   Content-Length and Content-Digest; DELETE removes one. Both only with `writeToken`.
 *
 * All links and redirects are relative, so that the tree can be served below a prefix. It needs only
 * Web standards.
 *
 * @param vfs The tree.
 * @param options Who may write, which pages of other origins may read, and what to call with errors.
 * @returns The function. It never throws: what fails is a response with a status from 400 on.
 * @throws {Invalid} If `writeToken` is empty, or an option of `cors` is not valid.
 *
 * @example Serving a store
 * ```ts
 * import { Vfs } from "@vitrine/vitrine";
 * import { handler } from "@vitrine/vitrine/handler";
 * import { MemoryStore } from "@vitrine/vitrine/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const vfs = new Vfs({ scratch: new MemoryStore("scratch") });
 * await vfs.writeTextFile("/scratch/a.txt", "hello");
 *
 * const serve = handler(vfs);
 * const request = new Request("http://localhost/scratch/a.txt", { headers: { range: "bytes=1-3" } });
 * const response = await serve(request);
 * assertEquals(response.status, 206);
 * assertEquals(response.headers.get("content-range"), "bytes 1-3/5");
 * assertEquals(await response.text(), "ell");
 * ```
 */
export function handler(
  vfs: Vfs,
  options: HandlerOptions = {},
): (request: Request) => Promise<Response> {
  const respond = createResponder(vfs, options);
  return async (request) => {
    const { method } = request;
    const received = new FetchRequest(request);
    const onFailure = options.onError && ((error: unknown) => options.onError!(error, received));
    try {
      received.target = targetOf(request);
      return await responseOf(method, await respond(received), onFailure);
    } catch (error) {
      onFailure?.(error);
      return await responseOf(method, errorReply(error), undefined);
    }
  };
}

/** A request of the Fetch standard. Its body is touched only where somebody reads it. */
class FetchRequest implements HttpRequest {
  readonly #request: Request;
  target = "*";

  constructor(request: Request) {
    this.#request = request;
  }

  get method(): string {
    return this.#request.method;
  }

  get headers(): Headers {
    return this.#request.headers;
  }

  get body(): ReadableStream<Bytes> | null {
    return this.#request.body as ReadableStream<Bytes> | null;
  }
}

/** Returns path and query of a request. */
function targetOf({ url, headers }: Request): string {
  try {
    // What stands in a Host field need not be one, and would be taken for the path.
    if (!/[/?#\\@\s]/.test(headers.get("host") ?? "")) {
      const { pathname, search } = new URL(url);
      return pathname + search;
    }
  } catch {
    // It is no URL either.
  }
  throw new Invalid("the Host field is not valid");
}

/** Size in bytes up to which `GetResult.respond` reads before the headers are sent. */
const READ_BEFORE = 262_144;

async function responseOf(
  method: string,
  { status, headers, body }: HttpReply,
  onFailure: ((error: unknown) => void) | undefined,
): Promise<Response> {
  const init = { status, headers };
  if (body === undefined) {
    // Servers write `Content-Length: 0` for no body at all (RFC 9110, section 8.6).
    const isOpen = method === "HEAD" && status < 300 && headers["content-length"] === undefined;
    return new Response(isOpen ? emptyStream() : null, init);
  }
  if (method === "HEAD") return new Response(null, init);
  if (body instanceof Uint8Array) return new Response(body, init);
  const response = await body.respond?.(init) ?? new Response(body.stream, init);
  const isWhole = body.respond !== undefined && Number(headers["content-length"]) <= READ_BEFORE;
  if (!onFailure || isWhole) return response;
  return new Response(observedBody(response.body as ReadableStream<Bytes>, onFailure), response);
}

function emptyStream(): ReadableStream<Bytes> {
  return new ReadableStream({ start: (controller) => controller.close() });
}
