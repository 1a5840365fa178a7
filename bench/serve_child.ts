/**
 * Serves the directory that it is given, below `/files/`, and prints where.
 *
 * @module
 */
import { FileStore } from "../drivers/file/mod.ts";
import { Vfs } from "../vfs/mod.ts";
import { serve } from "../server/http/serve.ts";

const vfs = new Vfs({ files: new FileStore("files", { datadir: Deno.args[0]! }) });
console.log(serve(vfs).url.href);
