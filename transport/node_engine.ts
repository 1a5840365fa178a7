/**
 * An engine over `node:http`, for what `fetch` does not do or does slowly: large bodies, authorities of
 * one's own, proxies, connecting to the address that was judged, bodies as they are stored.
 *
 * @module
 */
import type { IncomingMessage, RequestOptions } from "node:http";
import type { Socket } from "node:net";
import {
  BackendException,
  BadStoreConfiguration,
  RemoteServiceUnavailable,
  TimeoutError,
} from "../errors/mod.ts";
import { builtin } from "../runtime/mod.ts";
import type { Engine, EngineRequest, EngineResponse, TlsOptions } from "./engine.ts";
import type { Proxy, ProxyOptions } from "./proxy.ts";
import { ProxyRules } from "./proxy_rules.ts";

/** Options of {@linkcode nodeEngine}. */
export interface NodeEngineOptions extends TlsOptions, ProxyOptions {
  /** How long to wait for a connection, in milliseconds. */
  connect: number;
}

/** An engine that keeps connections for further requests. */
export interface NodeEngine {
  /** Which requests go through a proxy. */
  proxies: ProxyRules;
  /** Sends a request. */
  send: Engine;
  /** Closes the connections that it keeps. */
  close(): void;
}

/**
 * Creates the engine, in a runtime that has `node:http`.
 *
 * @param options How servers are reached.
 * @returns The engine.
 * @throws {BadStoreConfiguration} If the CA file cannot be read.
 */
export async function nodeEngine(options: NodeEngineOptions): Promise<NodeEngine> {
  const http = builtin("node:http")!;
  const https = builtin("node:https")!;
  const verification = await readVerification(options);
  const plain = new http.Agent({ keepAlive: true });
  const secure = new https.Agent({ keepAlive: true, ...verification });

  /** How to reach the URL: by a connection to it, or to a proxy. */
  async function route(
    { url, addresses, proxy, ownConnection, signal }: EngineRequest,
  ): Promise<RequestOptions> {
    const path = url.pathname + url.search;
    const isSecure = url.protocol === "https:";
    if (proxy === undefined) {
      return {
        host: url.hostname.replace(/^\[|\]$/g, ""),
        port: url.port || (isSecure ? 443 : 80),
        path,
        ...(ownConnection
          ? { agent: false, ...verification }
          : { agent: isSecure ? secure : plain }),
        ...(addresses ? { lookup: pinnedLookup(addresses) } : {}),
      };
    }
    const { host, port } = proxy;
    if (!isSecure) {
      const headers = proxyHeaders(proxy);
      return { host, port, path: url.origin + path, agent: ownConnection ? false : plain, headers };
    }
    const socket = await openTunnel(proxy, url, signal);
    const { hostname } = url;
    const connection = builtin("node:tls")!.connect({
      socket,
      ...(/[a-z]/i.test(hostname) && !hostname.startsWith("[") ? { servername: hostname } : {}),
      ...verification,
    });
    // The request hears of an error as well, but only once it has the connection.
    connection.on("error", () => socket.destroy());
    connection.on("close", () => socket.destroy());
    signal.addEventListener("abort", () => connection.destroy(), { once: true });
    const headers = { connection: "close" };
    return { host: hostname, path, headers, createConnection: () => connection, ...verification };
  }

  /** Opens a connection through a proxy (RFC 9110, section 9.3.6). */
  function openTunnel(proxy: Proxy, url: URL, signal: AbortSignal): Promise<Socket> {
    const { host, port } = proxy;
    const path = `${url.hostname}:${url.port || 443}`;
    const headers = { host: path, ...proxyHeaders(proxy) };
    return new Promise((resolve, reject) => {
      const request = http.request({
        ...{ host, port, headers, path, signal },
        method: "CONNECT",
        agent: false,
      });
      request.on("error", reject);
      request.on("connect", ({ statusCode }, socket: Socket) => {
        if (statusCode === 200) return resolve(socket);
        socket.destroy();
        reject(
          new RemoteServiceUnavailable(`the proxy ${host}:${port} responded with ${statusCode}`),
        );
      });
      request.end();
    });
  }

  async function send(outgoing: EngineRequest): Promise<EngineResponse> {
    const { method, url, headers, body, signal } = outgoing;
    const { headers: extra, ...way } = await route(outgoing);
    signal.throwIfAborted();
    const size = body?.reduce((sum, { length }) => sum + length, 0);
    return await new Promise<EngineResponse>((resolve, reject) => {
      const request = (url.protocol === "https:" ? https : http).request({
        ...way,
        method,
        headers: {
          host: url.host,
          ...Object.fromEntries(headers),
          ...extra as Record<string, string>,
          ...(size === undefined ? {} : { "content-length": size }),
        },
      });
      // `setTimeout` of a socket does not fire in every runtime.
      const timer = setTimeout(() => {
        request.destroy(new TimeoutError(`no connection for ${options.connect} ms`));
      }, options.connect);
      const connected = () => clearTimeout(timer);
      request.on("socket", (socket) => {
        if (!socket.connecting) connected();
        else socket.once("connect", connected);
      });
      let response: IncomingMessage | undefined;
      // Nothing can fail any more once all has come: the connection may be another request's by now.
      const abort = () => {
        if (response?.complete) return;
        // On a kept connection Deno would send the request again, where nothing could end it any more
        // (https://github.com/denoland/deno/issues/36786).
        request.reusedSocket = false;
        request.destroy(signal.reason);
      };
      signal.addEventListener("abort", abort, { once: true });
      const settle = () => {
        connected();
        signal.removeEventListener("abort", abort);
      };
      request.on("close", settle);
      request.on("error", (error) => {
        settle();
        reject(parseError(error) ?? error);
      });
      request.on("response", (message: IncomingMessage) => {
        response = message;
        connected();
        // If the body has not been sent yet, what is left of it would be read as the next request.
        if (!request.writableFinished) message.once("end", () => request.destroy());
        try {
          resolve(readResponse(message, method));
        } catch (error) {
          message.destroy();
          reject(error);
        }
      });
      for (const chunk of body ?? []) request.write(chunk);
      request.end();
    });
  }

  return {
    proxies: new ProxyRules(options),
    send,
    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}

async function readVerification(
  { caFile, insecure }: TlsOptions,
): Promise<{ ca?: string; rejectUnauthorized?: boolean }> {
  if (caFile === undefined) return insecure ? { rejectUnauthorized: false } : {};
  try {
    return { ca: await builtin("node:fs/promises")!.readFile(caFile, "utf8") };
  } catch (cause) {
    throw new BadStoreConfiguration(`the CA certificates of ${caFile} cannot be read`, { cause });
  }
}

function proxyHeaders({ authorization }: Proxy): Record<string, string> {
  return authorization === undefined ? {} : { "proxy-authorization": authorization };
}

/** The error of a response that is not HTTP, by the codes of Node's parser; no retry changes it. */
function parseError(error: Error): BackendException | undefined {
  const { code } = error as { code?: unknown };
  const isParseError = /^HPE_/.test(String(code)) || error.message.startsWith("Parse Error");
  if (!isParseError) return undefined;
  return new BackendException(`the response of the server is not valid HTTP: ${error.message}`, {
    cause: error,
  });
}

/** A resolver that returns the addresses that were judged. */
function pinnedLookup(addresses: readonly string[]): NonNullable<RequestOptions["lookup"]> {
  const all = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  return (_host, options, callback) => {
    const { address, family } = all[0]!;
    if (options.all) callback(null, all);
    else callback(null, address, family);
  };
}

function readResponse(message: IncomingMessage, method: string): EngineResponse {
  const headers = new Headers();
  const { rawHeaders, statusCode = 0 } = message;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    headers.append(rawHeaders[at]!, rawHeaders[at + 1]!);
  }
  const init = { status: statusCode, headers };
  const isBodiless = method === "HEAD" || headers.get("content-length") === "0";
  if (isBodiless || [204, 205, 304].includes(statusCode)) {
    message.resume();
    return new Response(null, init);
  }
  const chunks = message[Symbol.asyncIterator]() as AsyncIterator<Uint8Array<ArrayBuffer>>;
  const response = new Response(
    new ReadableStream<Uint8Array<ArrayBuffer>>({
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        // What has come whole is read, so that its connection can be used again.
        if (message.complete) message.resume();
        else message.destroy();
        await chunks.return?.();
      },
    }, { highWaterMark: 0 }),
    init,
  );
  return Object.assign(response, { isBlind: true });
}
