/**
 * The path tree over HTTP.
 *
 * @module
 */
import { Invalid, NotFound } from "../../errors/mod.ts";
import { decodePath, encodePath } from "../../vfs/path.ts";
import type { Vfs } from "../../vfs/vfs.ts";
import type { OnFailure } from "./body.ts";
import { errorResponse, statusResponse } from "./errors.ts";
import { readImage } from "./read.ts";
import { BearerToken, deleteImage, putImage } from "./write.ts";

/** Options of {@linkcode handler}. */
export interface HandlerOptions {
  /**
   * Bearer token that allows PUT and DELETE. Without it nobody may, and with it all who have it;
   * reading needs no token.
   */
  writeToken?: string | undefined;
  /**
   * Told of each error that a request failed with, of which its sender hears little; also where its
   * body broke off after the headers, for which bodies pass through the handler.
   */
  onError?: ((error: unknown, request: Request) => void) | undefined;
}

/**
 * Serves a tree: the URL's path, percent-decoded once, is the path of the tree.
 *
 * - GET and HEAD of an image: strong ETag, Last-Modified, conditions and ranges (RFC 9110), and a
 *   Repr-Digest (RFC 9530) where the digest is known; with a Range only if Want-Repr-Digest asks for
 *   it. A read that fails after the headers went out breaks the connection.
 * - GET and HEAD of a directory, which ends with `/`: a page, or JSON as nginx's autoindex writes it,
 *   by Accept. Without the `/` it redirects.
 * - PUT adds an image, whole and never over another (409, or 412 with `If-None-Match: *`), and checks
 *   Content-Length and Content-Digest; DELETE removes one. Both only with `writeToken`.
 *
 * Needs only Web standards.
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
  const { writeToken, onError } = options;
  const token = writeToken === undefined ? undefined : new BearerToken(writeToken);
  const allow = `GET, HEAD, OPTIONS${token ? ", PUT, DELETE" : ""}`;

  async function respond(request: Request, onFailure: OnFailure): Promise<Response> {
    const { method } = request;
    const reading = method === "GET" || method === "HEAD";
    if (method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
    if (!reading && (!token || (method !== "PUT" && method !== "DELETE"))) {
      return statusResponse(405, { allow });
    }
    const refusal = reading ? undefined : await token!.refusal(request);
    if (refusal) return refusal;
    const path = decodePath(pathnameOf(request));
    if (reading) return await read(vfs, request, path, onFailure);
    return method === "PUT"
      ? await putImage(vfs, request, path)
      : await deleteImage(vfs, request, path);
  }

  return async (request) => {
    const onFailure = onError && ((error: unknown) => onError(error, request));
    try {
      return await respond(request, onFailure);
    } catch (error) {
      onFailure?.(error);
      return errorResponse(error);
    }
  };
}

function pathnameOf({ url, headers }: Request): string {
  try {
    // What stands in a Host field need not be one, and would be taken for the path.
    if (!/[/?#\\@\s]/.test(headers.get("host") ?? "")) return new URL(url).pathname;
  } catch {
    // It is no URL either.
  }
  throw new Invalid("the request's host is none");
}

async function read(
  vfs: Vfs,
  request: Request,
  path: string,
  onFailure: OnFailure,
): Promise<Response> {
  if (path.endsWith("/")) {
    const { listDirectory } = await import("./directory.ts");
    return await listDirectory(vfs, request, path, onFailure);
  }
  try {
    return await readImage(vfs, request, path, onFailure);
  } catch (error) {
    if (!(error instanceof NotFound || error instanceof Invalid)) throw error;
    if (!(await vfs.stat(path)).isDirectory) throw error;
    const location = `${encodePath(path)}/${new URL(request.url).search}`;
    return new Response(null, { status: 307, headers: { location } });
  }
}
