/**
 * Measures how much code users load: the sizes of bundles, minified and gzipped.
 *
 * @module
 */
import { fromFileUrl, toFileUrl } from "@std/path";
import { gzipSync } from "node:zlib";

/** What is bundled. */
export interface Bundle {
  /** What it holds, for the table. */
  name: string;
  /** A module that exports what a user imports. */
  source: string;
  /** The modules that the first read loads, by the end of their paths. */
  reads: readonly string[];
  /** The modules that are the driver's own, by the start of their paths. */
  own: string;
}

/** Size of a module in bytes. */
export interface Size {
  /** Minified. */
  minified: number;
  /** Minified and gzipped. */
  gzipped: number;
}

/** Sizes of a bundle, each as one module. */
export interface BundleSizes {
  /** What is loaded before anything is asked of a store. */
  start: Size;
  /** That, and what the first read loads. */
  read: Size;
  /** That, and the driver's own modules: writing, listing, ACLs; not the digests. */
  own: Size;
  /** Everything in one module, digests and what only some runtimes load included. */
  everything: Size;
}

const root = new URL("../", import.meta.url);

const HTTP = `export { HttpStore } from "./drivers/http/mod.ts";`;
const TREE = `export { Vfs } from "./vfs/mod.ts";
export { handler } from "./server/http/mod.ts";`;

/** What the table shows, by name. */
export const BUNDLES = {
  http: { name: "core + http", source: HTTP, reads: ["http/client.ts"], own: "drivers/http/" },
  handler: {
    name: "core + vfs + handler + http",
    source: HTTP + TREE,
    reads: ["http/client.ts"],
    own: "drivers/http/",
  },
  s3: {
    name: "core + s3",
    source: `export { S3Store } from "./drivers/s3/mod.ts";`,
    reads: ["s3/client.ts", "s3/reader.ts"],
    own: "drivers/s3/",
  },
  swift: {
    name: "core + swift",
    source: `export { SwiftStore } from "./drivers/swift/mod.ts";`,
    reads: ["swift/client.ts"],
    own: "drivers/swift/",
  },
  formats: {
    name: "formats",
    source: `export { FormatInspector, inspect, inspectRanges } from "./formats/mod.ts";`,
    reads: [],
    own: "formats/",
  },
} satisfies Record<string, Bundle>;

/** Measures a bundle. */
export function measureBundle(bundle: Bundle): Promise<BundleSizes> {
  const { own } = bundle;
  return withGraph(bundle, async (graph, entry) => {
    const isRead = reading(bundle);
    const loading = (isLoaded: (path: string) => boolean) =>
      sizeOf(entry, leftOut(graph, toFileUrl(entry).href, isLoaded));
    return {
      start: await loading(() => false),
      read: await loading(isRead),
      own: await loading((path) => isRead(path) || path.startsWith(own)),
      everything: await loading(() => true),
    };
  });
}

/** The URLs of the modules that are measured as what is loaded when something was read. */
export function modulesRead(bundle: Bundle): Promise<Set<string>> {
  return withGraph(bundle, (graph, entry) => {
    const isRead = reading(bundle);
    return Promise.resolve(reached(graph, toFileUrl(entry).href, isRead).loaded);
  });
}

function reading({ reads }: Bundle): (path: string) => boolean {
  return (path) => reads.some((end) => path.endsWith(end));
}

async function withGraph<T>(
  { source }: Bundle,
  use: (graph: Graph, entry: string) => Promise<T>,
): Promise<T> {
  const directory = await Deno.makeTempDir({ prefix: "vitrine-bundle-" });
  try {
    const entry = `${directory}/entry.ts`;
    await Deno.writeTextFile(entry, source.replaceAll(`"./`, `"${root.href}`));
    return await use(await moduleGraph(entry), entry);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** What a module imports, by its URL. */
type Graph = ReadonlyMap<string, readonly Import[]>;

interface Import {
  /** The URL of what is imported. */
  target: string;
  /** As it is written. */
  specifier: string;
  lazily: boolean;
}

async function moduleGraph(entry: string): Promise<Graph> {
  const { modules }: { modules: ModuleInfo[] } = JSON.parse(await deno("info", "--json", entry));
  return new Map(modules.map(({ specifier, dependencies = [] }) => [
    specifier,
    dependencies.filter(({ code }) => code).map(({ specifier, code, isDynamic }) => ({
      target: code!.specifier,
      specifier,
      lazily: isDynamic === true,
    })),
  ]));
}

/** A module as `deno info --json` describes it. */
interface ModuleInfo {
  specifier: string;
  dependencies?: { specifier: string; isDynamic?: boolean; code?: { specifier: string } }[];
}

/** The modules that are not loaded, of those that are imported when they are needed. */
function leftOut(graph: Graph, entry: string, isLoaded: (path: string) => boolean): string[] {
  const { loaded, lazy } = reached(graph, entry, isLoaded);
  return [...lazy].filter(([target]) => !loaded.has(target)).map(([, name]) => name);
}

/** What is loaded, and what is imported by it when it is needed, with its name for the bundler. */
function reached(
  graph: Graph,
  entry: string,
  isLoaded: (path: string) => boolean,
): { loaded: Set<string>; lazy: Map<string, string> } {
  const pathOf = (url: string) =>
    url.startsWith(root.href) ? url.slice(root.href.length) : undefined;
  const loaded = new Set([entry]);
  const lazy = new Map<string, string>();
  for (const module of loaded) {
    for (const { target, specifier, lazily } of graph.get(module) ?? []) {
      const path = pathOf(target);
      if (!lazily || isLoaded(path ?? specifier)) loaded.add(target);
      else lazy.set(target, path === undefined ? specifier : `./${path}`);
    }
  }
  return { loaded, lazy };
}

async function sizeOf(entry: string, without: readonly string[]): Promise<Size> {
  const external = without.map((name) => `--external=${name}`);
  const output = `${entry}.js`;
  await deno(
    "bundle",
    ...["--quiet", "--platform=browser", "--minify", `--output=${output}`, ...external, entry],
  );
  const bundled = await Deno.readTextFile(output);
  // What is left out is named by its whole path, which is another in each checkout.
  const code = new TextEncoder().encode(bundled.replaceAll(fromFileUrl(root), "./"));
  return { minified: code.length, gzipped: gzipSync(code, { level: 9 }).length };
}

async function deno(command: string, ...args: string[]): Promise<string> {
  const config = new URL("deno.json", root).pathname;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [command, `--config=${config}`, ...args],
    cwd: root,
  }).output();
  if (!success) throw new Error(`deno ${command} failed: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
