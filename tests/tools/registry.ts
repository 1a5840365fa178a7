/**
 * A JSR registry on loopback that serves folders as packages, by the registry API of
 * https://jsr.io/docs/api: what the tests of `deno task test:std` have for JSR.
 *
 * @module
 */

/** A running registry. */
export interface Registry extends AsyncDisposable {
  /** What `JSR_URL` is to be set to. */
  readonly url: string;
  /** The paths that were asked for and found. */
  readonly served: ReadonlySet<string>;
}

/** Serves the packages in `folders`, each with its deno.json, until disposed of. */
export async function serveRegistry(folders: URL[]): Promise<Registry> {
  const files = new Map<string, string>();
  for (const folder of folders) await addPackage(files, folder);
  const served = new Set<string>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    const body = files.get(pathname);
    if (body === undefined) return new Response(null, { status: 404 });
    served.add(pathname);
    const type = pathname.endsWith(".json") ? "application/json" : "text/typescript";
    return new Response(body, { headers: { "content-type": type } });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    served,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function addPackage(files: Map<string, string>, folder: URL): Promise<void> {
  const { name, version, exports } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", folder)),
  );
  const manifest: Record<string, { size: number; checksum: string }> = {};
  for await (const file of Deno.readDir(folder)) {
    const bytes = await Deno.readFile(new URL(file.name, folder));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    manifest[`/${file.name}`] = { size: bytes.length, checksum: `sha256-${digest.toHex()}` };
    files.set(`/${name}/${version}/${file.name}`, new TextDecoder().decode(bytes));
  }
  files.set(`/${name}/meta.json`, JSON.stringify({ latest: version, versions: { [version]: {} } }));
  files.set(
    `/${name}/${version}_meta.json`,
    JSON.stringify({ manifest, exports: { ".": exports } }),
  );
}
