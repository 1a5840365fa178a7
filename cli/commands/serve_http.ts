/**
 * `vitrine serve http`: the tree over HTTP.
 *
 * @module
 */
import { readVariable } from "../../runtime/environment.ts";
import {
  type RequestLog,
  type RunningServer,
  serve,
  type ServeOptions,
} from "../../server/http/serve.ts";
import type { Vfs } from "../../vfs/mod.ts";
import { type Arguments, type Session, UsageError } from "../command.ts";
import { addressOf, announced, durationOf, maxConnectionsOf } from "./serve_options.ts";

/** The variable that holds the bearer token; on a command line everybody on the machine could read it. */
const TOKEN = "VITRINE_TOKEN";

/**
 * Serves the tree over HTTP until the user interrupts.
 *
 * @param session The session of the command.
 * @param args Its arguments.
 * @throws {UsageError} If an option is not valid.
 */
export async function serveHttp(session: Session, args: Arguments): Promise<void> {
  const { out, json, note, fail, signal } = session;
  if (args.operands.length > 1) throw new UsageError("serve http takes no paths: it serves all");
  const address = addressOf(args, 8080);
  const token = readVariable(TOKEN);
  if (args.has("writable") && !token) {
    throw new UsageError(`--writable needs a token in ${TOKEN}`);
  }
  const options = optionsOf(args);
  const tree = await session.vfs();
  for (const error of tree.stores.failures.values()) note(error);
  const server = listen(tree, {
    ...address,
    writeToken: args.has("writable") ? token : undefined,
    ...options,
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
  const { url } = server;
  await announced(json ? out.json({ url }) : out.line(`serving ${url}; Ctrl-C stops`), signal);
  await server.finished;
}

function listen(vfs: Vfs, options: ServeOptions): RunningServer {
  try {
    return serve(vfs, options);
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
  const origins = args.values("allow-origin");
  return {
    allowHosts: args.values("allow-host"),
    cors: origins.length > 0
      ? {
        origins: origins.includes("*") ? "*" : origins,
        credentials: args.has("allow-credentials"),
      }
      : undefined,
    maxConnections: maxConnectionsOf(args),
    headersTimeout: durationOf(args, "headers-timeout"),
    idleTimeout: durationOf(args, "idle-timeout"),
    stallTimeout: durationOf(args, "stall-timeout"),
  };
}
