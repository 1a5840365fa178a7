/**
 * `vitrine serve`: the tree over HTTP.
 *
 * @module
 */
import { readVariable } from "../../runtime/environment.ts";
import {
  type RequestLog,
  type RunningServer,
  serve as startServer,
  type ServeOptions,
} from "../../server/http/serve.ts";
import type { Vfs } from "../../vfs/mod.ts";
import { type Arguments, type Command, parseDuration, UsageError } from "../command.ts";
import { isLoopback } from "../../server/http/host_guard.ts";

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

/** Returns a line of the log. Errors follow the facts of the request. */
function logLine(
  { time, client, method, path, status, bytes, duration, errors }: RequestLog,
): string {
  const facts = [
    time.toISOString(),
    client,
    method,
    path,
    status,
    bytes,
    `${duration.toFixed(1)}ms`,
  ];
  const [first, ...more] = errors.map((error) => (error as Error).message ?? String(error));
  const others = more.length > 0 ? ` (and ${more.length} more)` : "";
  return `${facts.join(" ")}${first === undefined ? "" : `: ${first}${others}`}`;
}

/** Returns the options of the server that were given. */
function optionsOf(args: Arguments): ServeOptions {
  const duration = (name: string) => {
    const text = args.value(name);
    return text === undefined ? undefined : parseDuration(name, text);
  };
  const origins = args.values("allow-origin");
  const most = args.value("max-connections");
  if (most !== undefined && !/^[1-9]\d{0,6}$/.test(most)) {
    throw new UsageError("--max-connections is a number from 1");
  }
  return {
    allowHosts: args.values("allow-host"),
    cors: origins.length > 0
      ? {
        origins: origins.includes("*") ? "*" : origins,
        credentials: args.has("allow-credentials"),
      }
      : undefined,
    maxConnections: most === undefined ? undefined : Number(most),
    headersTimeout: duration("headers-timeout"),
    idleTimeout: duration("idle-timeout"),
    stallTimeout: duration("stall-timeout"),
  };
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
    {
      name: "allow-host",
      value: "NAME",
      repeated: true,
      help: "serve requests for this name too, behind a proxy for example; * for any",
    },
    {
      name: "allow-origin",
      value: "ORIGIN",
      repeated: true,
      help: "let pages of this origin read, such as https://app.example; * for all",
    },
    { name: "allow-credentials", help: "let pages of the allowed origins send credentials" },
    {
      name: "max-connections",
      value: "N",
      help: "most connections. Default: half of the descriptors that may be open, at most 1024",
    },
    { name: "headers-timeout", value: "AGE", help: "time for a request's head. Default: 10s" },
    { name: "idle-timeout", value: "AGE", help: "time between two requests. Default: 60s" },
    {
      name: "stall-timeout",
      value: "AGE",
      help: "time in which a client receives or sends nothing. Default: 60s",
    },
    { name: "verbose", letters: ["v"], help: "log every request, not only those that failed" },
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
      ...optionsOf(args),
      // A request that fails does not make the server's own exit code a failure.
      onRequest: (entry) => {
        if (args.has("verbose") || entry.errors.length > 0) note(logLine(entry));
      },
      onError: (error, { target }) => {
        if (target === "-") note(error);
      },
    });
    // Before anybody knows that the server listens: a signal may follow at once.
    const stop = () => void server.stop().catch(fail);
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    if (json) await out.json({ url: server.url });
    else await out.line(`serving ${server.url}; Ctrl-C stops`);
    await server.finished;
  },
};
