/**
 * An engine over `node:http`, for what `fetch` does not do or does slowly: large bodies, a CA of
 * one's own, proxies, connecting to the address that was judged.
 *
 * @module
 */
import type { IncomingMessage, RequestOptions } from "node:http";
import type { Socket } from "node:net";
import { BadStoreConfiguration, RemoteServiceUnavailable, TimeoutError } from "../errors/mod.ts";
import { builtin } from "../runtime/mod.ts";
import type { Engine, EngineRequest, EngineResponse, TlsOptions } from "./engine.ts";

/** An engine that keeps connections. */
export interface NodeEngine {
  /** Sends a request. */
  send: Engine;
  /** Ends the connections that it keeps. */
  close(): void;
}

/** Makes the engine, or `undefined` where the runtime has no `node:http`. */
export async function nodeEngine(
  options: TlsOptions & { connect: number },
): Promise<NodeEngine | undefined> {
  const http = builtin("node:http");
  const https = builtin("node:https");
  if (http === undefined || https === undefined) return undefined;
  const verification = await readVerification(options);
  const plain = new http.Agent({ keepAlive: true });
  const secure = new https.Agent({ keepAlive: true, ...verification });

  /** How to reach the URL: a connection to it, or to a proxy. */
  async function route({ url, addresses, signal }: EngineRequest): Promise<RequestOptions> {
    const path = url.pathname + url.search;
    const proxy = proxyOf(url, options.proxies);
    const https = url.protocol === "https:";
    if (proxy === undefined) {
      return {
        host: url.hostname.replace(/^\[|\]$/g, ""),
        port: url.port || (https ? 443 : 80),
        path,
        agent: https ? secure : plain,
        ...(addresses ? { lookup: pinned(addresses) } : {}),
      };
    }
    const way = { host: proxy.hostname, port: proxy.port, headers: proxy.headers };
    if (!https) return { ...way, path: url.origin + path, agent: plain };
    const socket = await tunnel(way, url, signal);
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

  /** A connection through a proxy (RFC 9110, section 9.3.6). */
  function tunnel(proxy: RequestOptions, url: URL, signal: AbortSignal): Promise<Socket> {
    const path = `${url.hostname}:${url.port || 443}`;
    return new Promise((resolve, reject) => {
      const request = http!.request({ ...proxy, method: "CONNECT", path, agent: false, signal });
      request.on("error", reject);
      request.on("connect", ({ statusCode }, socket: Socket) => {
        if (statusCode === 200) return resolve(socket);
        socket.destroy();
        reject(new RemoteServiceUnavailable(`the proxy answered ${statusCode}`));
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
      const request = (url.protocol === "https:" ? https! : http!).request({
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
        if (!response?.complete) request.destroy(signal.reason);
      };
      signal.addEventListener("abort", abort, { once: true });
      const settle = () => {
        connected();
        signal.removeEventListener("abort", abort);
      };
      request.on("close", settle);
      request.on("error", (error) => {
        settle();
        reject(error);
      });
      request.on("response", (message: IncomingMessage) => {
        response = message;
        connected();
        // An answer before the body was sent: what is left of it would be read as the next request.
        if (!request.writableFinished) message.once("end", () => request.destroy());
        try {
          resolve(responseOf(message, method));
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
  // As in glance_store, a CA file makes `insecure` void.
  if (caFile === undefined) return insecure ? { rejectUnauthorized: false } : {};
  try {
    return { ca: await builtin("node:fs/promises")!.readFile(caFile, "utf8") };
  } catch (cause) {
    throw new BadStoreConfiguration(`the CA certificates of ${caFile} cannot be read`, { cause });
  }
}

/** The proxy for the URL's scheme, which may be given without a scheme and with credentials. */
function proxyOf(
  url: URL,
  proxies: Readonly<Record<string, string>> = {},
): { hostname: string; port: string; headers: Record<string, string> } | undefined {
  const text = proxies[url.protocol.slice(0, -1)];
  if (!text) return undefined;
  const { hostname, port, username, password } = new URL(
    text.includes("://") ? text : `http://${text}`,
  );
  const credentials = btoa(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  return {
    hostname: hostname.replace(/^\[|\]$/g, ""),
    port: port || "80",
    headers: username ? { "proxy-authorization": `Basic ${credentials}` } : {},
  };
}

/** A resolver that knows the addresses already. */
function pinned(addresses: readonly string[]): NonNullable<RequestOptions["lookup"]> {
  const all = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  return (_host, options, callback) => {
    const { address, family } = all[0]!;
    if (options.all) callback(null, all);
    else callback(null, address, family);
  };
}

function responseOf(message: IncomingMessage, method: string): EngineResponse {
  const headers = new Headers();
  const { rawHeaders, statusCode = 0 } = message;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    headers.append(rawHeaders[at]!, rawHeaders[at + 1]!);
  }
  const init = { status: statusCode, headers };
  const bodiless = method === "HEAD" || headers.get("content-length") === "0";
  if (bodiless || [204, 205, 304].includes(statusCode)) {
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
  return Object.assign(response, { blind: true });
}
