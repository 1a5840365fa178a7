/**
 * The best engine that the runtime has for each request: its `fetch`, or `node:http`.
 *
 * @module
 */
import { BadStoreConfiguration } from "../errors/mod.ts";
import { type Engine, fetchEngine, type TlsOptions } from "./engine.ts";
import type { NodeEngine } from "./node_engine.ts";

/** Options of a {@linkcode RuntimeEngine}. */
export interface RuntimeEngineOptions extends TlsOptions {
  /** How long to wait for a connection, in milliseconds. */
  connect: number;
}

/** Bodies of this size or more, in bytes, are sent with `node:http`, which takes a third of the time. */
const LARGE = 65_536;

/** Sends each request with the engine that suits it. */
export class RuntimeEngine {
  readonly #options: RuntimeEngineOptions;
  readonly #needsNode: boolean;
  #node: Promise<NodeEngine | undefined> | undefined;

  /**
   * Creates an engine. Nothing is opened.
   *
   * @param options How servers are reached.
   */
  constructor(options: RuntimeEngineOptions) {
    const { caFile, insecure, proxies } = options;
    this.#options = options;
    this.#needsNode = Boolean(caFile || insecure || Object.keys(proxies ?? {}).length > 0);
  }

  /** Sends a request. */
  readonly send: Engine = async (request) => {
    const size = request.body?.reduce((sum, { length }) => sum + length, 0) ?? 0;
    if (this.#needsNode || request.addresses || size >= LARGE) {
      const node = await (this.#node ??= load(this.#options));
      if (node) return await node.send(request);
      if (this.#needsNode) {
        throw new BadStoreConfiguration("this runtime has no CA file, insecure TLS or proxies");
      }
    }
    return await fetchEngine((url, init) => fetch(url, init))(request);
  };

  /** Closes the connections that are kept for further requests. */
  async close(): Promise<void> {
    const node = this.#node;
    this.#node = undefined;
    (await node?.catch(() => undefined))?.close();
  }
}

async function load(options: RuntimeEngineOptions): Promise<NodeEngine | undefined> {
  return await (await import("./node_engine.ts")).nodeEngine(options);
}
