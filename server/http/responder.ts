/**
 * The path tree over HTTP, without any runtime's request and response objects.
 *
 * @module
 */
import { Invalid, NotFound } from "../../errors/mod.ts";
import { decodePath, relativeReference } from "../../vfs/path.ts";
import type { Vfs } from "../../vfs/vfs.ts";
import type { HttpReply, HttpRequest } from "../http1/exchange.ts";
import { Cors, type CorsOptions } from "./cors.ts";
import { readImage } from "./read.ts";
import { errorReply, statusReply } from "./reply.ts";
import { BearerToken, deleteImage, putImage } from "./write.ts";

/** Options of {@linkcode handler}. */
export interface HandlerOptions {
  /**
   * The bearer token that PUT and DELETE need (RFC 6750). Reading needs none. Default: nobody may
   * write.
   */
  writeToken?: string | undefined;
  /**
   * Which pages of other origins may read. Default: none. A browser is then also forbidden to embed
   * images in pages of other origins (`Cross-Origin-Resource-Policy: same-origin`).
   */
  cors?: CorsOptions | undefined;
  /**
   * Called with every error. The client only sees the status code, or, after the headers, a
   * connection that breaks off. Also called with each name that a listing leaves out.
   */
  onError?: ((error: unknown, request: HttpRequest) => void) | undefined;
}

/** Responds to requests. */
export type Responder = (request: HttpRequest) => Promise<HttpReply>;

/**
 * Creates the function that responds to requests for a tree. See {@linkcode handler}.
 *
 * @param vfs The tree.
 * @param options The options of the handler.
 * @returns The function. It never throws; a body can still fail while it is sent.
 * @throws {Invalid} If the token is empty, or an option of `cors` is not valid.
 */
export function createResponder(vfs: Vfs, options: HandlerOptions): Responder {
  const { writeToken, onError } = options;
  const token = writeToken === undefined ? undefined : new BearerToken(writeToken);
  const cors = options.cors && new Cors(options.cors);
  const resourcePolicy = cors?.isOpen ? "cross-origin" : "same-origin";
  const allow = `GET, HEAD, OPTIONS${token ? ", PUT, DELETE" : ""}`;

  async function respond(request: HttpRequest): Promise<HttpReply> {
    const { method, headers } = request;
    const isReading = method === "GET" || method === "HEAD";
    if (method === "OPTIONS") {
      return statusReply(204, { allow, ...cors?.preflightFields(headers) });
    }
    if (!isReading && (!token || (method !== "PUT" && method !== "DELETE"))) {
      return statusReply(405, { allow });
    }
    const refusal = isReading ? undefined : await token!.refusal(headers);
    if (refusal) return refusal;
    const path = decodePath(request.target.replace(/\?.*/s, ""));
    if (isReading) return await read(vfs, request, path, onError);
    return method === "PUT"
      ? await putImage(vfs, request, path)
      : await deleteImage(vfs, request, path);
  }

  return async (request) => {
    let reply: HttpReply;
    try {
      reply = await respond(request);
    } catch (error) {
      onError?.(error, request);
      reply = errorReply(error);
    }
    reply.headers["cross-origin-resource-policy"] = resourcePolicy;
    for (const [name, value] of Object.entries(cors?.fields(request.headers) ?? {})) {
      const before = name === "vary" ? reply.headers["vary"] : undefined;
      reply.headers[name] = before === undefined ? value : `${before}, ${value}`;
    }
    return reply;
  };
}

async function read(
  vfs: Vfs,
  request: HttpRequest,
  path: string,
  onError: HandlerOptions["onError"],
): Promise<HttpReply> {
  if (path.endsWith("/")) {
    const { listDirectory } = await import("./directory.ts");
    return await listDirectory(vfs, request, path, (error) => onError?.(error, request));
  }
  try {
    return await readImage(vfs, request, path);
  } catch (error) {
    if (!(error instanceof NotFound || error instanceof Invalid)) throw error;
    if (!(await vfs.stat(path)).isDirectory) throw error;
    const search = /\?.*/s.exec(request.target)?.[0] ?? "";
    // Relative, so that it holds behind a proxy that serves the tree below a prefix.
    const location = `${relativeReference(path)}/${search}`;
    return statusReply(307, { location });
  }
}
