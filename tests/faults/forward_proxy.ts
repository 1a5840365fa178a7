/**
 * A forward proxy that logs the request line of each request, and leads every name that ends in `.test`
 * to loopback.
 *
 * @module
 */
import { latin1, WireReader, WireServer, writeAll } from "./wire.ts";

/** A running proxy. */
export interface ForwardProxy extends AsyncDisposable {
  /** Its host and port. */
  readonly host: string;
  /** The request lines so far: method and target. */
  readonly lines: string[];
}

/**
 * Starts a proxy on loopback.
 *
 * @param login The `user:password` that it wants. Default: none.
 * @param connect How it connects to an address. Default: by TCP.
 * @returns The proxy.
 */
export function forwardProxy(
  login?: string,
  connect: (to: { hostname: string; port: number }) => Promise<Deno.Conn> = Deno.connect,
): ForwardProxy {
  const lines: string[] = [];
  const server = new WireServer(async (client) => {
    const reader = new WireReader(client);
    for (;;) {
      const request = await reader.request();
      if (request === undefined) return;
      const { method, target, headers, head, body } = request;
      lines.push(`${method} ${target}`);
      if (login && headers.get("proxy-authorization") !== `Basic ${btoa(login)}`) {
        await writeAll(client, latin1("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n"));
        continue;
      }
      const { hostname: name, port } = new URL(method === "CONNECT" ? `http://${target}` : target);
      const hostname = name.endsWith(".test") ? "127.0.0.1" : name.replace(/^\[|\]$/g, "");
      using upstream = await connect({ hostname, port: Number(port || 80) });
      if (method === "CONNECT") {
        await writeAll(client, latin1("HTTP/1.1 200 Connected\r\n\r\n"));
      } else {
        const { pathname, search } = new URL(target);
        const close = head.replace(target, pathname + search)
          .replace(/\r\n(proxy-)?connection: [^\r]*/gi, "")
          .replace(/\r\n\r\n$/, "\r\nConnection: close\r\n\r\n");
        await writeAll(upstream, latin1(close));
        await writeAll(upstream, body);
      }
      // When one side ends, both do.
      await Promise.race([
        client.readable.pipeTo(upstream.writable, { preventClose: true, preventCancel: true }),
        upstream.readable.pipeTo(client.writable, { preventClose: true }),
      ]).catch(() => {});
      return;
    }
  });
  return {
    host: server.host,
    lines,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
