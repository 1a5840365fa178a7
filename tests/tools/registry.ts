/**
 * A JSR registry on loopback, by the registry API of https://jsr.io/docs/api: it serves folders as
 * packages, and packages that `deno publish` sends to it. Tests use it in place of JSR.
 *
 * @module
 */
import { fromFileUrl, join, SEPARATOR, toFileUrl } from "@std/path";

/** The folders of the stand-ins for `@std`, also where the checkout's `deno.json` does not link to them. */
export const STD_FOLDERS: readonly URL[] = ["assert", "cli", "path", "streams"]
  .map((name) => new URL(`../../offline/std/${name}/`, import.meta.url));

/** A running registry. */
export interface Registry extends AsyncDisposable {
  /** The value for `JSR_URL`. */
  readonly url: string;
  /** The requests that were served, by path: the bytes that were sent. */
  readonly served: ReadonlyMap<string, number>;
}

/**
 * Serves packages until it is disposed of. `deno publish --token=TOKEN` adds more; any token will do.
 *
 * @param folders Folders of packages as JSR has them, each with its deno.json.
 * @param fallback The URL of a registry that has the packages that this one lacks. Default: none.
 * @returns The registry.
 */
export async function serveRegistry(
  folders: readonly URL[],
  fallback?: string,
): Promise<Registry> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const folder of folders) await addPackage(files, folder);
  const served = new Map<string, number>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/api/")) return respondToApi(request, files);
    const body = files.get(pathname) ?? (fallback && await fetchFile(new URL(pathname, fallback)));
    if (!body) return new Response(null, { status: 404 });
    served.set(pathname, (served.get(pathname) ?? 0) + body.length);
    const type = pathname.endsWith(".json") ? "application/json" : "text/typescript";
    return new Response(body, { headers: { "content-type": type } });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    served,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Fetches a file of another registry; `undefined` if it has none. */
async function fetchFile(url: URL): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const response = await fetch(url);
  if (response.ok) return await response.bytes();
  await response.body?.cancel();
  return undefined;
}

/** Does what `deno publish` requests: describe a package, take a version's tarball, say how that went. */
async function respondToApi(
  request: Request,
  files: Map<string, Uint8Array<ArrayBuffer>>,
): Promise<Response> {
  if (request.method === "POST") {
    await addTarball(files, request.body!);
    return Response.json({ id: "1", status: "success" });
  }
  const [, scope, name, version] =
    /^\/api\/scopes\/([^/]+)\/packages\/([^/]+)(?:\/versions\/(.+))?$/
      .exec(new URL(request.url).pathname) ?? [];
  const isKnown = version === undefined || files.has(`/@${scope}/${name}/${version}_meta.json`);
  return isKnown ? Response.json({}) : new Response(null, { status: 404 });
}

async function addTarball(
  files: Map<string, Uint8Array<ArrayBuffer>>,
  tarball: ReadableStream<Uint8Array>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "vitrine-registry-" });
  try {
    const tar = new Deno.Command("tar", { args: ["-xzC", folder], stdin: "piped" }).spawn();
    await tarball.pipeTo(tar.stdin);
    if (!(await tar.status).success) throw new Error("tar cannot read what was published");
    await addPackage(files, toFileUrl(folder + SEPARATOR));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function addPackage(
  files: Map<string, Uint8Array<ArrayBuffer>>,
  folder: URL,
): Promise<void> {
  const { name, version, exports } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", folder)),
  );
  const encoder = new TextEncoder();
  const manifest: Record<string, { size: number; checksum: string }> = {};
  for await (const path of filesBelow(fromFileUrl(folder))) {
    const bytes = await Deno.readFile(join(fromFileUrl(folder), path));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    manifest[`/${path}`] = { size: bytes.length, checksum: `sha256-${digest.toHex()}` };
    files.set(`/${name}/${version}/${path}`, bytes);
  }
  const meta = { latest: version, versions: { [version]: {} } };
  files.set(`/${name}/meta.json`, encoder.encode(JSON.stringify(meta)));
  const entries = typeof exports === "string" ? { ".": exports } : exports;
  files.set(
    `/${name}/${version}_meta.json`,
    encoder.encode(JSON.stringify({ manifest, exports: entries })),
  );
}

/** The paths of all files below a folder, relative to it, with slashes. */
async function* filesBelow(folder: string, prefix = ""): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(join(folder, prefix))) {
    const path = `${prefix}${entry.name}`;
    if (entry.isDirectory) yield* filesBelow(folder, `${path}/`);
    else yield path;
  }
}
