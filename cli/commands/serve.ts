/**
 * `vitrine serve`: the tree over HTTP.
 *
 * @module
 */
import { readVariable } from "../../runtime/environment.ts";
import {
  type RunningServer,
  serve as startServer,
  type ServeOptions,
} from "../../server/http/serve.ts";
import type { Vfs } from "../../vfs/mod.ts";
import { type Command, UsageError } from "../command.ts";

/** The variable that holds the bearer token; on a command line everybody on the machine could read it. */
const TOKEN = "VITRINE_TOKEN";

function listen(vfs: Vfs, options: ServeOptions): RunningServer {
  try {
    return startServer(vfs, options);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new Error(`port ${options.port} is in use already: --port takes another`);
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" ||
    /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** `vitrine serve`. */
export const serve: Command = {
  operands: "[http]",
  count: [0, 1],
  summary: "serve the tree over HTTP, read-only and to this machine only by default",
  options: [
    { name: "host", value: "ADDRESS", help: "address to listen on. Default: 127.0.0.1" },
    {
      name: "port",
      value: "PORT",
      help: "port to listen on; 0 takes a free one. Default: 8080",
    },
    { name: "public", help: "let other machines read, without a token" },
    { name: "writable", help: `take PUT and DELETE with the bearer token in ${TOKEN}` },
  ],
  candidates: ["http"],
  examples: ["vitrine serve --port 8080", "VITRINE_TOKEN=... vitrine serve --writable"],
  async run({ vfs, out, json, note, fail, signal }, args) {
    const [protocol = "http"] = args.operands;
    if (protocol !== "http") throw new UsageError(`serve takes http, not ${protocol}`);
    const port = Number(args.value("port") ?? 8080);
    if (!Number.isInteger(port) || port < 0 || port > 65535) {
      throw new UsageError("--port is a number from 0 to 65535");
    }
    const hostname = args.value("host") ?? "127.0.0.1";
    if (!isLoopback(hostname) && !args.has("public")) {
      throw new UsageError(`--host ${hostname} lets other machines read: add --public`);
    }
    const token = readVariable(TOKEN);
    if (args.has("writable") && !token) {
      throw new UsageError(`--writable needs a token in ${TOKEN}`);
    }
    const tree = await vfs();
    for (const error of tree.stores.failures.values()) note(error);
    const server = listen(tree, {
      hostname,
      port,
      writeToken: args.has("writable") ? token : undefined,
      // A request that fails does not make the server's own exit code a failure.
      onError: note,
    });
    if (json) await out.json({ url: server.url });
    else await out.line(`serving ${server.url}; Ctrl-C stops`);
    signal.addEventListener("abort", () => void server.stop().catch(fail));
    await server.finished;
  },
};
