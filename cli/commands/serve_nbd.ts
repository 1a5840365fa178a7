/**
 * `vitrine serve nbd`: images of the tree as network block devices.
 *
 * @module
 */
import {
  type NbdFailure,
  type NbdServer,
  serveNbd,
  type ServeNbdOptions,
} from "../../server/nbd/mod.ts";
import type { Vfs } from "../../vfs/mod.ts";
import { type Arguments, type Session, UsageError } from "../command.ts";
import { parseTreePath } from "../place.ts";
import { isLocation } from "../tree.ts";
import { addressOf, announced, durationOf, maxConnectionsOf } from "./serve_options.ts";

/** An image or a directory that is served, by its path. */
interface Export {
  path: string;
  isDirectory: boolean;
}

/**
 * Serves images over NBD until the user interrupts.
 *
 * @param session The session of the command.
 * @param args Its arguments.
 * @throws {UsageError} If an option or a path is not valid.
 * @throws {NotFound} If there is nothing at a path.
 */
export async function serveImages(session: Session, args: Arguments): Promise<void> {
  const { out, json, note, fail, signal } = session;
  const paths = args.operands.slice(1).map(parseTreePath);
  const uri = paths.find(isLocation);
  if (uri !== undefined) throw new UsageError(`${uri}: serve nbd takes paths of the tree`);
  const options = { ...optionsOf(args), paths };
  const tree = await session.vfs();
  for (const error of tree.stores.failures.values()) note(error);
  const exports = await exportsOf(tree, paths, session);
  const server = await listen(tree, {
    ...options,
    // A read that fails does not make the server's own exit code a failure.
    onError: (failure) => note(logLine(failure)),
  });
  // Before anybody knows that the server listens: a signal may follow at once.
  const stop = () => void server.stop().catch(fail);
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  const uris = exports.map(({ path, isDirectory }) => {
    return `${server.uriOf(path)}${isDirectory && path !== "/" ? "/" : ""}`;
  });
  const lines = [...uris.map((uri) => `serving ${uri}`), "Ctrl-C stops"].join("\n");
  await announced(json ? out.json({ urls: uris }) : out.line(lines), signal);
  await server.finished;
}

async function exportsOf(tree: Vfs, paths: string[], { options }: Session): Promise<Export[]> {
  const exports: Export[] = [];
  for (const path of paths.length > 0 ? paths : ["/"]) {
    const { isDirectory } = await tree.stat(path, options);
    exports.push({ path: path.replace(/(?<=.)\/+$/, ""), isDirectory });
  }
  return exports;
}

function optionsOf(args: Arguments): ServeNbdOptions {
  const socket = args.value("socket");
  if (socket !== undefined && (args.value("port") ?? args.value("host")) !== undefined) {
    throw new UsageError("--socket stands in place of --host and --port");
  }
  return {
    ...socket === undefined ? addressOf(args, 10809) : { socket },
    maxConnections: maxConnectionsOf(args),
    handshakeTimeout: durationOf(args, "handshake-timeout"),
    idleTimeout: durationOf(args, "idle-timeout"),
    stallTimeout: durationOf(args, "stall-timeout"),
  };
}

async function listen(tree: Vfs, options: ServeNbdOptions): Promise<NbdServer> {
  try {
    return await serveNbd(tree, options);
  } catch (error) {
    if ((error as { code?: string }).code !== "EADDRINUSE") throw error;
    throw new Error(
      options.socket === undefined
        ? `port ${options.port} is in use already: --port takes another`
        : `${options.socket} is in use already: --socket takes another`,
    );
  }
}

/** Returns a line of the log. */
function logLine({ time, client, exportName = "-", error }: NbdFailure): string {
  const reason = (error as Error).message ?? String(error);
  return `${time.toISOString()} ${client} ${exportName}: ${reason}`;
}
