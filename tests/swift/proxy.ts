/**
 * A proxy between a store and a real Swift that does to single requests what a test says.
 *
 * @module
 */
import type { SwiftOptions } from "@vitrine/vitrine/swift";
import { account, swift } from "./servers.ts";

/** A request on its way, and what passes it on. */
export interface Passing {
  /** The method and the path below the account, `PUT /container/object`. */
  name: string;
  /** The request's token. */
  token: string | null;
  /** The query, with its question mark. */
  search: string;
  /** Passes it on and resolves to the real response. Default of `search`: the query that came. */
  pass(search?: string): Promise<Response>;
}

/** A running proxy. */
export interface Proxy extends AsyncDisposable {
  /** Options of a store whose requests go through it. */
  options: SwiftOptions;
  /** All requests so far, by name; logins are `LOGIN`. */
  requests: string[];
}

/** Starts a proxy to Swift with tempauth, whose responses are those of `meddle`. */
export async function proxy(meddle: (passing: Passing) => Promise<Response>): Promise<Proxy> {
  const requests: string[] = [];
  const { url: accountUrl } = await account(swift!);
  const { origin, pathname: root } = new URL(accountUrl);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname, search } = new URL(request.url);
    const headers = new Headers(request.headers);
    for (const name of ["host", "connection"]) headers.delete(name);
    let body: ArrayBuffer | null;
    try {
      body = request.body && await request.arrayBuffer();
    } catch {
      // The client has gone.
      return new Response(null, { status: 499 });
    }
    const pass = (query = search) =>
      fetch(origin + pathname + query, { method: request.method, headers, body });
    if (!pathname.startsWith(root)) {
      requests.push("LOGIN");
      return await pass();
    }
    const name = `${request.method} ${decodeURIComponent(pathname.slice(root.length))}`;
    requests.push(name);
    return await meddle({ name, token: headers.get("x-auth-token"), search, pass });
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  return {
    requests,
    options: {
      ...swift!,
      authAddress: `${url}${new URL(swift!.authAddress!).pathname}`,
      endpoint: url + root,
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Lets a token of tempauth's end, where it keeps it. */
export async function expire(token: string, memcachedPort: number): Promise<void> {
  const { createHash } = await import("node:crypto");
  const key = createHash("md5").update(`AUTH_/token/${token}`).digest("hex");
  using memcached = await Deno.connect({ hostname: "127.0.0.1", port: memcachedPort });
  await memcached.write(new TextEncoder().encode(`delete ${key}\r\n`));
  const reply = new Uint8Array(64);
  const count = await memcached.read(reply);
  const text = new TextDecoder().decode(reply.subarray(0, count ?? 0));
  if (text !== "DELETED\r\n") throw new Error(`memcached responded with ${text}`);
}
