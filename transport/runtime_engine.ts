/**
 * The best engine that the runtime has for each request: its `fetch`, or `node:http`.
 *
 * @module
 */
import { BadStoreConfiguration } from "../errors/mod.ts";
import { builtin } from "../runtime/mod.ts";
import { type EngineRequest, type EngineResponse, fetchEngine } from "./engine.ts";
import type { NodeEngine, NodeEngineOptions } from "./node_engine.ts";
import type { Proxy } from "./proxy.ts";

/** Bodies of this size or more, in bytes, are sent with `node:http`, which takes a third of the time. */
const LARGE = 65_536;

/** Sends each request with the engine that suits it. */
export class RuntimeEngine {
  readonly #options: NodeEngineOptions;
  readonly #fetch = fetchEngine((url, init) => fetch(url, init));
  #node: Promise<NodeEngine> | undefined;

  /**
   * Creates an engine. Nothing is opened.
   *
   * @param options How servers are reached.
   */
  constructor(options: NodeEngineOptions) {
    this.#options = options;
  }

  /**
   * Returns the proxy for a request.
   *
   * @param url The URL of the request.
   * @returns The proxy, or `undefined` if the request goes direct.
   * @throws {BadStoreConfiguration} If the options need `node:http` and the runtime does not have it, or
   * if the proxy is not the URL of an HTTP proxy.
   */
  async proxyFor(url: URL): Promise<Proxy | undefined> {
    return (await this.#load())?.proxies.proxyFor(url);
  }

  /**
   * Sends a request.
   *
   * @param request The request.
   * @returns The response, whose body has not been read. Redirects are responses.
   */
  async send(request: EngineRequest): Promise<EngineResponse> {
    const node = await this.#load();
    const size = request.body?.reduce((sum, { length }) => sum + length, 0) ?? 0;
    const { caFile, insecure } = this.#options;
    const { addresses, ownConnection } = request;
    const isSpecial = caFile || insecure || addresses || ownConnection || size >= LARGE;
    if (node && (isSpecial || !node.proxies.isDirect())) return await node.send(request);
    const response = await this.#fetch(request);
    if (!node || !response.isDecoded || request.method !== "GET") return response;
    await response.body?.cancel().catch(() => {});
    return await node.send(request);
  }

  /** Closes the connections that are kept for further requests. */
  async close(): Promise<void> {
    const node = this.#node;
    this.#node = undefined;
    (await node?.catch(() => undefined))?.close();
  }

  /** The engine of `node:http`, if the runtime has it: not at the edge and in browsers. */
  async #load(): Promise<NodeEngine | undefined> {
    if (builtin("node:http")) return await (this.#node ??= loadNode(this.#options));
    const { caFile, insecure, proxy, proxies } = this.#options;
    if (!caFile && !insecure && !proxy && !proxies) return undefined;
    throw new BadStoreConfiguration("this runtime has no CA file, insecure TLS and proxies");
  }
}

async function loadNode(options: NodeEngineOptions): Promise<NodeEngine> {
  return await (await import("./node_engine.ts")).nodeEngine(options);
}
