/**
 * The path tree over HTTP, for every runtime with Web standards.
 *
 * @module
 */
export { handler, type HandlerOptions } from "./handler.ts";
