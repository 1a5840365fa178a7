/**
 * The package for npm, installed with npm in an empty folder: it loads in Node and in Bun, has types for
 * TypeScript, and passes the runtimes' suite unbundled.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { DENO_ONLY, OLDEST_NODE, packForNpm } from "../../tools/npm.ts";
import { readConfig, root } from "../../tools/project.ts";
import { service } from "../services/mod.ts";
import { openAccount } from "./account.ts";
import { openBucket } from "./bucket.ts";
import type { SuiteEnv } from "./environment.ts";
import {
  bunProgram,
  NODE_VERSIONS,
  nodeProgram,
  npmNode,
  type Program,
  runtimeOf,
} from "./runtimes/node.ts";
import { output } from "./runtimes/runtime.ts";
import { openSites } from "./sites.ts";

const { exports, name: packageName } = await readConfig();

/** Prints the errors for a runtime without a file system, and for a driver that needs Deno. */
const LACKING = `
  import { loadDriver } from "${packageName}";
  const { message } = await loadDriver("rbd").catch((error) => error);
  process.getBuiltinModule = undefined;
  console.log(JSON.stringify([message, (await loadDriver("file").catch((error) => error)).message]));
`;

/** Imports each entry point and prints how many names it exports, as JSON. */
const LOAD = `
  const counts = {};
  for (const name of process.argv.slice(-1)[0].split(" ")) {
    counts[name] = Object.keys(await import(name)).length;
  }
  console.log(JSON.stringify(counts));
`;

const PROGRAMS: Record<string, () => Promise<Program>> = {
  ...Object.fromEntries(
    NODE_VERSIONS.map((version) => [`Node ${version}`, () => npmNode(version)]),
  ),
  Bun: bunProgram,
};

/** Packs the package, installs it with npm in an empty folder and returns the folder. */
async function installed(): Promise<string> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "vitrine-npm-" }));
  await packForNpm(join(folder, "vitrine.tgz"));
  const manifest = { private: true, type: "module" };
  await Deno.writeTextFile(join(folder, "package.json"), JSON.stringify(manifest));
  await install(folder, join(folder, "vitrine.tgz"));
  return folder;
}

function install(folder: string, ...packages: string[]): Promise<string> {
  return output("npm", "install", "--prefix", folder, "--no-audit", "--no-fund", ...packages);
}

/** Scripts that bundle `app.js` into the folder `out`, without settings, and fail at a warning. */
const BUNDLERS = {
  esbuild: `
    import { build } from "esbuild";
    const { warnings } = await build({
      entryPoints: ["app.js"], bundle: true, platform: "browser", format: "esm", splitting: true,
      outdir: "out", logLevel: "silent",
    });
    if (warnings.length > 0) throw new Error(JSON.stringify(warnings));`,
  Vite: `
    import { build } from "vite";
    const customLogger = { info() {}, warn: fail, warnOnce: fail, error: fail, clearScreen() {},
      hasErrorLogged: () => false, hasWarned: false };
    function fail(message) { throw new Error(message); }
    await build({ build: { outDir: "out" }, configFile: false, customLogger });`,
  webpack: `
    import webpack from "webpack";
    webpack({ mode: "production", entry: "./app.js", output: { path: process.cwd() + "/out" } },
      (error, stats) => {
        const { errors, warnings } = stats?.toJson({ all: false, errors: true, warnings: true }) ?? {};
        if (error || errors.length + warnings.length > 0) {
          console.error(error, errors, warnings);
          process.exit(1);
        }
      });`,
};

/** Bundles a page that uses the main entry, and fails if a module of a runtime is left in the bundle. */
async function bundleForBrowsers(folder: string, script: string): Promise<void> {
  const page = `import * as vitrine from "${packageName}"; globalThis.vitrine = vitrine;`;
  await Deno.writeTextFile(join(folder, "app.js"), page);
  await Deno.writeTextFile(
    join(folder, "index.html"),
    '<script type="module" src="/app.js"></script>',
  );
  await Deno.writeTextFile(join(folder, "bundle.mjs"), script);
  const { success, stderr } = await new Deno.Command("node", { args: ["bundle.mjs"], cwd: folder })
    .output();
  assert(success, new TextDecoder().decode(stderr));
  const found: string[] = [];
  for (const place of ["out", "out/assets"]) {
    const directory = join(folder, place);
    if (!await Deno.stat(directory).catch(() => undefined)) continue;
    for await (const { name } of Deno.readDir(directory)) {
      if (!name.endsWith(".js")) continue;
      const text = await Deno.readTextFile(join(directory, name));
      found.push(...text.match(/(?:from|import)\s*\(?\s*["']node:[^"']*/g) ?? []);
    }
  }
  assertEquals(found, []);
  await Deno.remove(join(folder, "out"), { recursive: true });
}

/** The servers that run here, for the suite: stores, buckets and accounts are parts of their own. */
async function openEnvironments(stack: AsyncDisposableStack): Promise<SuiteEnv[]> {
  const [nginx, ceph, swift] = [
    await service("nginx"),
    await service("ceph"),
    await service("swift"),
  ];
  const http = nginx && stack.use(await openSites(nginx as { root: string; url: string }));
  const environments: SuiteEnv[] = [http ? { http } : {}];
  if (ceph) environments.push({ s3: stack.use(await openBucket(ceph["s3"])).site });
  if (swift) environments.push({ swift: stack.use(openAccount(swift)).site });
  return environments;
}

/** Adds test modules to an installed package, where they import its modules by relative paths. */
async function addTests(folder: string): Promise<string> {
  const home = join(folder, "node_modules", packageName);
  const directory = join(home, "tests/runtimes");
  for (const part of ["tests/runtimes", "tests/runtimes/cases", "tests/file"]) {
    await Deno.mkdir(join(home, part), { recursive: true });
    for await (const { name, isFile } of Deno.readDir(new URL(part, root))) {
      if (!isFile || !name.endsWith(".ts") || name.endsWith("_test.ts")) continue;
      const source = fromFileUrl(new URL(`${part}/${name}`, root));
      const target = join(home, part, name.replace(/\.ts$/, ".js"));
      await output(Deno.execPath(), "transpile", "--quiet", "--no-check", "-o", target, source);
      const code = await Deno.readTextFile(target);
      await Deno.writeTextFile(target, code.replace(/(from "\.[^"]*)\.ts"/g, '$1.js"'));
    }
  }
  return directory;
}

Deno.test("npm: the package loads and passes the suite in Node and in Bun", async (t) => {
  const folder = await installed();
  await using servers = new AsyncDisposableStack();
  try {
    const environments = await openEnvironments(servers);
    const directory = await addTests(folder);
    const names = Object.keys(exports).filter((name) => !DENO_ONLY.includes(name))
      .map((name) => packageName + name.slice(1));
    const load = join(folder, "load.mjs");
    await Deno.writeTextFile(load, LOAD);
    await t.step("TypeScript finds the types of every entry point", async () => {
      const lines = names.map((name, at) => `export * as entry${at} from "${name}";\n`);
      await Deno.writeTextFile(join(folder, "types.ts"), lines.join(""));
      await install(folder, "typescript@5.9.3", "@types/node@20.19.43");
      const lib = "--lib es2022,esnext.disposable,dom,dom.iterable,dom.asynciterable";
      const options = `--noEmit --strict --module nodenext --target es2022 ${lib}`;
      const tsc = join(folder, "node_modules/typescript/bin/tsc");
      await output("node", tsc, ...options.split(" "), join(folder, "types.ts"));
    });
    await t.step("bundlers for browsers take the main entry as it is", async (t) => {
      await install(folder, "esbuild@0.28.2", "vite@8.4.0", "webpack@5.113.0");
      for (const [name, script] of Object.entries(BUNDLERS)) {
        await t.step(name, () => bundleForBrowsers(folder, script));
      }
    });
    await t.step("an error names the runtime and what it lacks", async () => {
      await Deno.writeTextFile(join(folder, "lacking.mjs"), LACKING);
      const node = await nodeProgram();
      const [rbd, file] = JSON.parse(await output(node.path, join(folder, "lacking.mjs")));
      assertEquals(
        rbd,
        `the driver "rbd" cannot be loaded: ${node.name} lacks Deno.dlopen: Deno 2.7 is needed`,
      );
      assertEquals(
        file,
        `the driver "file" cannot be loaded: ${node.name} lacks node:fs/promises: ` +
          "Deno 2.7, Node 20.16 or Bun 1.4 is needed",
      );
    });
    for (const [name, find] of Object.entries(PROGRAMS)) {
      let program: Program;
      try {
        program = await find();
      } catch (error) {
        await t.step({ name: `${name} cannot be had: ${error}`, ignore: true, fn() {} });
        continue;
      }
      await t.step(`${name}: every entry point loads`, async () => {
        const counts = JSON.parse(await output(program.path, load, names.join(" ")));
        assertEquals(Object.keys(counts), names);
        assert(names.every((name) => counts[name] > 0));
      });
      await t.step(`${name}: the suite passes`, async () => {
        // The servers' cases take a minute: the oldest Node and Bun stand for all.
        const isWhole = name === `Node ${OLDEST_NODE}` || name === "Bun";
        for (const environment of isWhole ? environments : [{}]) {
          const results = await runtimeOf(program).run(directory, environment);
          assert(results.length > 0);
          assertEquals(results.filter(({ error }) => error), []);
        }
      });
      await t.step(`${name}: the file store works`, async () => {
        const datadir = join(folder, "images", name);
        await Deno.mkdir(datadir, { recursive: true });
        await Deno.mkdir(datadir, { recursive: true });
        const module = join(directory, "../file/runtime.js");
        const report = JSON.parse(await output(program.path, module, datadir));
        assertEquals([report.read, report.listed], [9 * 1024 * 1024 + 3, ["a/b", "d/e"]]);
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
