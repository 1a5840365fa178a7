/**
 * Serves the images of a folder by NBD, on a free port and on a Unix socket, in any runtime with `process`. It
 * prints a URI of each, and stops with SIGTERM.
 *
 * Usage: `node_server.ts FOLDER SOCKET IMAGE`
 *
 * @module
 */
import process from "node:process";
import { FileStore } from "../../drivers/file/mod.ts";
import { serveNbd } from "../../server/nbd/mod.ts";
import { Vfs } from "../../vfs/mod.ts";

const [datadir, socket, image] = process.argv.slice(-3) as [string, string, string];
const vfs = new Vfs({ files: new FileStore("files", { datadir }) });
const onError = ({ error }: { error: unknown }) => console.error((error as Error).message);
const servers = [
  await serveNbd(vfs, { port: 0, onError }),
  await serveNbd(vfs, { socket, onError }),
];
process.on("SIGTERM", () => void Promise.all(servers.map((server) => server.stop())));
console.log(JSON.stringify(servers.map((server) => server.uriOf(`/files/${image}`))));
