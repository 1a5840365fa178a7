/**
 * A worker at the edge that serves the images of an origin, with ranges, conditions and directories.
 * What it passes on it holds to the sizes that the origin announced, and it resumes what breaks off.
 * `/inspect/<path>` says what an image is and whether it is safe, of which only the header is read.
 *
 * @module
 */
import { handler } from "@vitrine/vitrine/handler";
import { HttpStore } from "@vitrine/vitrine/http";
import { Vfs } from "@vitrine/vitrine/vfs";

/** What the configuration binds. */
interface Env {
  /** URL of the directory that holds the images. */
  ORIGIN: string;
}

let tree: Vfs | undefined;
let serve: ((request: Request) => Promise<Response>) | undefined;

export default {
  /** Responds to a request. */
  fetch(request: Request, env: Env): Promise<Response> {
    tree ??= new Vfs({ images: new HttpStore("images", { baseUrl: env.ORIGIN }) });
    const path = /^\/inspect(\/.+)$/.exec(new URL(request.url).pathname)?.[1];
    if (path !== undefined && request.method === "GET") return inspect(tree, path);
    serve ??= handler(tree);
    return serve(request);
  },
};

/** Says what an image is, as JSON. */
async function inspect(tree: Vfs, path: string): Promise<Response> {
  try {
    return Response.json(await tree.inspect(`/images${decodeURIComponent(path)}`));
  } catch (error) {
    const { name } = error as Error;
    const status = name === "NotFound" ? 404 : /^(Invalid|URIError)/.test(name) ? 400 : 502;
    return Response.json({ error: name }, { status });
  }
}
