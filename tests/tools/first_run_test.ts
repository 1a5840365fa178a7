/**
 * What a newcomer pays: the demo and the command in a clean clone, with an empty home and an empty cache.
 *
 * Deno leaves the write-ahead logs of its caches behind or not, by chance, up to 4 MB for each. The demo runs
 * once, so its task keeps no cache of compiled code.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join, toFileUrl } from "@std/path";
import { copySources, deno, readConfig, root } from "../../tools/project.ts";
import { sizeOf } from "./cache_size.ts";

/** The most that the demo and the command's first run leave in Deno's cache, in bytes. */
const MOST_CACHED = 12_000_000;

Deno.test("deno task demo: leaves little in the cache, and no warning", async () => {
  const { links } = await readConfig();
  const temporary = await Deno.realPath(await Deno.makeTempDir({ prefix: "vitrine-first-" }));
  try {
    const clone = join(temporary, "clone");
    await copySources(clone, links);
    const cache = join(temporary, "cache");
    const options = { cwd: toFileUrl(`${clone}/`), env: { HOME: temporary, DENO_DIR: cache } };

    const demo = await deno(["task", "demo"], options);
    assert(demo.success, demo.stderr);
    const afterDemo = await sizeOf(cache);
    const version = await deno(["run", "cli/mod.ts", "--version"], options);
    assert(version.success, version.stderr);
    assertMatch(version.stdout, /^vitrine \d+\.\d+\.\d+\n$/);

    assertEquals((demo.stderr + version.stderr).match(/^.*warn.*$/gim), null);
    const cached = await sizeOf(cache);
    console.log(`the demo left ${afterDemo} bytes in the cache, the command's version ${cached}`);
    assert(cached <= MOST_CACHED, `${cached} bytes`);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
});

/** The part of `deno info --json` that is read here. */
interface ModuleGraph {
  roots: string[];
  modules: {
    specifier: string;
    dependencies?: { code?: { specifier: string }; isDynamic?: boolean }[];
  }[];
}

/** Returns the modules of the checkout that are loaded with a module, without those by `import()`. */
async function loadedWith(module: string): Promise<string[]> {
  const { success, stdout, stderr } = await deno(["info", "--json", module]);
  assert(success, stderr);
  const graph: ModuleGraph = JSON.parse(stdout);
  const modules = new Map(graph.modules.map((module) => [module.specifier, module]));
  const seen = new Set<string>(graph.roots);
  for (const specifier of seen) {
    for (const { code, isDynamic } of modules.get(specifier)?.dependencies ?? []) {
      if (code && !isDynamic) seen.add(code.specifier);
    }
  }
  return [...seen].filter((one) => one.startsWith(root.href)).map((one) =>
    one.slice(root.href.length)
  );
}

Deno.test("vitrine --version: loads no command, no store and no path tree", async () => {
  const loaded = await loadedWith("cli/mod.ts");
  assert(loaded.includes("cli/main.ts"));
  const foreign = /^(?!cli\/|errors\/|offline\/)[^/]+\/|^cli\/commands\/(?!mod\.ts)/;
  assertEquals(loaded.filter((path) => foreign.test(path)), []);
});

Deno.test("vitrine ls: loads no other command, no format of images and no server", async () => {
  const loaded = await loadedWith("cli/commands/list.ts");
  assertEquals(loaded.filter((path) => /^(formats\/(?!policy)|server\/)/.test(path)), []);
  assertEquals(loaded.filter((path) => path.startsWith("cli/commands/")), ["cli/commands/list.ts"]);
});
