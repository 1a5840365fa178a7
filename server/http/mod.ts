/**
 * The path tree over HTTP, for every runtime with Web standards.
 *
 * @module
 */
export { handler } from "./handler.ts";
export type { HandlerOptions } from "./responder.ts";
export type { CorsOptions } from "./cors.ts";
export type { HttpReply, HttpRequest, StreamedBody } from "../http1/exchange.ts";
