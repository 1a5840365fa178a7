/**
 * The web servers that the suite reads from: a directory of nginx, and the handler over a store, once
 * over connections that hold and once over ones that break.
 *
 * @module
 */
import { MemoryStore } from "../../drivers/memory/mod.ts";
import { Vfs } from "../../mod.ts";
import { handler } from "../../server/http/mod.ts";
import { pattern } from "./check.ts";
import { IMAGE_SIZE } from "./images.ts";
import type { HttpSites } from "./environment.ts";

/** Bytes after which a connection breaks. */
const BREAKS_AFTER = 5_000_000;

/** Starts the sites, nginx's below `root`, which listens at `url`. */
export async function openSites(
  { root, url }: { root: string; url: string },
): Promise<HttpSites & AsyncDisposable> {
  const big = pattern(IMAGE_SIZE);
  const directory = await Deno.makeTempDir({ dir: root, prefix: "runtimes-" });
  await Deno.mkdir(`${directory}/sub`);
  await Deno.writeFile(`${directory}/big.img`, big);
  await Deno.writeFile(`${directory}/wrong.img`, big);
  await Deno.writeTextFile(`${directory}/sub/small.img`, "small");
  await Deno.writeTextFile(
    `${directory}/SHA256SUMS`,
    `${await sha256(big)}  big.img\n${"0".repeat(64)}  wrong.img\n`,
  );

  const vfs = new Vfs({ images: new MemoryStore("images") });
  await vfs.writeFile("/images/big.img", big);
  await vfs.writeTextFile("/images/sub/small.img", "small");
  const serve = handler(vfs);
  const vitrine = forPages(serve);
  const breaking = forPages(async (request) => broken(await serve(request)));
  return {
    nginx: `${url}${directory.slice(root.length + 1)}/`,
    vitrine: vitrine.url,
    breaking: breaking.url,
    async [Symbol.asyncDispose]() {
      await Promise.all([vitrine.stop(), breaking.stop()]);
      await Deno.remove(directory, { recursive: true });
    },
  };
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Serves so that pages of any origin may read (https://fetch.spec.whatwg.org/#http-cors-protocol). */
function forPages(serve: (request: Request) => Promise<Response>) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const response = await serve(request);
    response.headers.set("access-control-allow-origin", "*");
    response.headers.set("access-control-allow-headers", "range, if-range");
    response.headers.set("access-control-expose-headers", "*");
    return response;
  });
  const url = `http://127.0.0.1:${server.addr.port}/images/`;
  return { url, stop: () => server.shutdown() };
}

/** The same response, broken off: the server ends a connection on which it owes bytes. */
function broken(response: Response): Response {
  if (Number(response.headers.get("content-length")) <= BREAKS_AFTER) return response;
  let left = BREAKS_AFTER;
  const breaking = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      controller.enqueue(chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0) controller.terminate();
    },
  });
  return new Response(response.body!.pipeThrough(breaking), response);
}
