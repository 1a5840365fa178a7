/**
 * A Swift account that pages of any origin may use: a server in front of Swift that says so,
 * since Swift does for containers alone, and not for its login.
 *
 * @module
 */
import type { Endpoints } from "../services/mod.ts";
import { container, emptied, swift as login } from "../swift/servers.ts";
import type { AccountSite } from "./environment.ts";

/** Opens the account and a container in it. */
export function openAccount(swift: Endpoints): { site: AccountSite } & AsyncDisposable {
  const target = new URL(swift["url"]).origin;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const headers = new Headers({
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "GET, HEAD, PUT, POST, DELETE",
      "access-control-allow-headers": request.headers.get("access-control-request-headers") ?? "",
    });
    if (request.method === "OPTIONS") return new Response(null, { headers });
    const { pathname, search, origin } = new URL(request.url);
    const asked = new Headers(request.headers);
    for (const name of ["host", "connection", "origin"]) asked.delete(name);
    const body = request.body && await request.arrayBuffer();
    const response = await fetch(target + pathname + search, {
      method: request.method,
      headers: asked,
      body,
    });
    for (const [name, value] of response.headers) headers.set(name, value);
    headers.set("access-control-expose-headers", [...response.headers.keys()].join(", "));
    const account = headers.get("x-storage-url");
    if (account) headers.set("x-storage-url", account.replace(target, origin));
    return new Response(response.body, { status: response.status, headers });
  });
  const name = container();
  const { authAddress, user, key } = login!;
  return {
    site: {
      authAddress: authAddress!.replace(target, `http://127.0.0.1:${server.addr.port}`),
      user: user!,
      key: key!,
      container: name,
    },
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await emptied({ ...login, container: name });
    },
  };
}
