/**
 * A worker at the edge that serves the images of an origin, with ranges, conditions and directories.
 * What it passes on it holds to the sizes that the origin announced, and it resumes what breaks off.
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

let serve: ((request: Request) => Promise<Response>) | undefined;

export default {
  /** Answers a request. */
  fetch(request: Request, env: Env): Promise<Response> {
    serve ??= handler(
      new Vfs({ images: new HttpStore("images", { baseUrl: env.ORIGIN }) }),
    );
    return serve(request);
  },
};
