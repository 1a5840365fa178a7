/**
 * An image through workerd: by the handler over an http store, and by the store alone, passed on or
 * read byte by byte, against a bare `fetch` whose body is passed on untouched.
 *
 * Usage: `edge.ts [MIB]`; 1,024 MiB. It needs the services nginx and tools to run.
 *
 * @module
 */
import { bundleWhole } from "../tests/runtimes/bundle.ts";
import { serveWorkerd } from "../tests/runtimes/runtimes/workerd.ts";
import { service } from "../tests/services/mod.ts";
import { compare } from "./harness.ts";
import { observe } from "../tools/process.ts";

const MIB = 1024 * 1024;
const root = new URL("../", import.meta.url);

const BARE = `export default {
  fetch: (request, { ORIGIN }) => fetch(ORIGIN + new URL(request.url).pathname.slice(8)),
};`;

/** The store alone; `response` makes one of the result `image`. */
const store = (response: string) =>
  `import { HttpStore } from "${root.href}drivers/http/mod.ts";
let store;
export default {
  async fetch(request, { ORIGIN }) {
    store ??= new HttpStore("images", { baseUrl: ORIGIN });
    const image = await store.get(new URL(request.url).pathname.slice(8));
    return ${response};
  },
};`;

/** Measures all in turns. */
export async function edge(mib = 1024, rounds?: number): Promise<void> {
  const [nginx, tools] = [await service("nginx"), await service("tools")];
  if (!nginx || !tools) throw new Error("the services nginx and tools do not run");
  await using stack = new AsyncDisposableStack();
  const temporary = async (options?: Deno.MakeTempOptions) => {
    const directory = await Deno.makeTempDir({ prefix: "vitrine-edge-", ...options });
    stack.defer(() => Deno.remove(directory, { recursive: true }));
    return directory;
  };
  const images = await temporary({ dir: nginx["root"] });
  await writeImage(`${images}/image`, mib);
  const origin = `${nginx["url"]}${images.slice(nginx["root"].length + 1)}/`;

  async function contender(name: string, source: string | URL) {
    const directory = await temporary();
    const module = source instanceof URL ? source : new URL(`file://${directory}/main.ts`);
    if (typeof source === "string") await Deno.writeTextFile(module, source);
    await bundleWhole(module, `${directory}/worker.mjs`);
    const config = `${directory}/config.capnp`;
    await Deno.copyFile(new URL("examples/edge/config.capnp", root), config);
    const { url, pid } = stack.use(await serveWorkerd(config, { ORIGIN: origin }));
    const work = () => download(tools!["curl"], `${url}images/image`, mib * MIB);
    // The first request starts what later ones use.
    await work();
    return { name, run: () => observe([pid], work) };
  }

  const bare = "fetch, passed on";
  await compare(`edge pass-through ${mib} MiB`, [
    await contender(bare, BARE),
    {
      against: bare,
      ...await contender("handler over http store", new URL("examples/edge/worker.ts", root)),
    },
    { against: bare, ...await contender("http store, passed on", store("await image.respond()")) },
    {
      against: bare,
      ...await contender("http store, each byte read", store("new Response(image.stream)")),
    },
  ], rounds);
}

async function writeImage(path: string, mib: number): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  const block = crypto.getRandomValues(new Uint8Array(65_536));
  for (let at = 0; at < mib * MIB; at += block.length) await file.write(block);
}

async function download(curl: string, url: string, bytes: number) {
  const format = "%{http_code} %{size_download} %{time_total}";
  const args = ["--silent", "--output", "/dev/null", "--write-out", format, url];
  const { stdout } = await new Deno.Command(curl, { args }).output();
  const [status, size, seconds] = new TextDecoder().decode(stdout).split(" ").map(Number);
  if (status !== 200 || size !== bytes) throw new Error(`${url}: ${status}, ${size} bytes`);
  return { bytes, seconds: seconds! };
}

if (import.meta.main) await edge(Number(Deno.args[0] ?? 1024), Number(Deno.args[1] ?? 5));
