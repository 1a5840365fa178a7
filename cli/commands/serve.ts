/**
 * `vitrine serve`: the tree over HTTP.
 *
 * @module
 */
import type { Vfs } from "../../vfs/mod.ts";
import {
  type RunningServer,
  serve as startServer,
  type ServeOptions,
} from "../../server/http/serve.ts";
import { type Command, Misuse } from "../command.ts";

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

/** `vitrine serve`. */
export const serve: Command = {
  usage: "serve [--host ADDRESS] [--port PORT] [--writable]",
  summary: "serve the tree over HTTP, read-only and to this machine alone unless told otherwise",
  options: [
    "--host ADDRESS  address to listen on; 127.0.0.1 unless given",
    "--port PORT     port to listen on; 8080 unless given, 0 takes a free one",
    `--writable      take PUT and DELETE with the bearer token in ${TOKEN}`,
  ],
  flags: ["writable"],
  strings: ["host", "port"],
  operands: [0, 0],
  async run({ vfs, out, json, note, signal }, args) {
    const port = Number(args.value("port") ?? 8080);
    if (!Number.isInteger(port) || port < 0 || port > 65535) {
      throw new Misuse("--port is a number from 0 to 65535");
    }
    const token = Deno.env.get(TOKEN);
    if (args.has("writable") && !token) throw new Misuse(`--writable needs a token in ${TOKEN}`);
    const server = listen(await vfs(), {
      hostname: args.value("host"),
      port,
      writeToken: args.has("writable") ? token : undefined,
      // A request that fails does not make a server fail that is ended in good order.
      onError: note,
    });
    if (json) await out.json({ url: server.url });
    else await out.line(`serving ${server.url}; Ctrl-C stops`);
    signal.addEventListener("abort", () => void server.stop());
    await server.finished;
  },
};
