/**
 * What the project's tools know of the checkout: its root, `deno.json`, its source files, and how to
 * run Deno in it.
 *
 * @module
 */
import { dirname, fromFileUrl, join } from "@std/path";

/** The part of `deno.json` that the tools read. */
export interface Config {
  /** The package's name. */
  name: string;
  /** Modules by the name under which users import them. */
  exports: Record<string, string>;
  /** The import map. */
  imports: Record<string, string>;
  /** Folders that stand in for packages. */
  links?: string[];
}

/** The checkout's folder, ending in a slash. */
export const root: URL = new URL("../", import.meta.url);

/** Reads the checkout's `deno.json`. */
export async function readConfig(): Promise<Config> {
  return JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
}

/** Names of what holds no source, whatever its depth: what `.gitignore` names, and git's own. */
const NO_SOURCE = new Set([".git", ".vitrine", "coverage", "node_modules", "results"]);

/** The paths of all source files below a folder, relative to the checkout, in no order. */
export async function* sourceFiles(folder = ""): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(new URL(folder, root))) {
    // In a worktree, .git is a file.
    if (NO_SOURCE.has(entry.name)) continue;
    if (entry.isFile) yield folder + entry.name;
    if (entry.isDirectory) yield* sourceFiles(`${folder}${entry.name}/`);
  }
}

/** Copies the checkout's sources to `folder`, with `links` in place of those of its `deno.json`. */
export async function copySources(folder: string, links?: readonly string[]): Promise<void> {
  for await (const path of sourceFiles()) {
    const target = join(folder, path);
    await Deno.mkdir(dirname(target), { recursive: true });
    await Deno.copyFile(fromFileUrl(new URL(path, root)), target);
  }
  const file = join(folder, "deno.json");
  const { links: _, ...config } = JSON.parse(await Deno.readTextFile(file));
  await Deno.writeTextFile(file, JSON.stringify({ ...config, links }, null, 2));
}

/** How a command ended, and what it printed on either output. */
export interface Outcome {
  /** Whether it exited with 0. */
  success: boolean;
  /** Its standard output. */
  stdout: string;
  /** Its standard error. */
  stderr: string;
}

/** Runs this very Deno with `args` in the checkout, with `input` on its standard input. */
export async function deno(
  args: string[],
  options: { env?: Record<string, string>; input?: string; cwd?: URL } = {},
): Promise<Outcome> {
  const child = new Deno.Command(Deno.execPath(), {
    args,
    cwd: options.cwd ?? root,
    env: { NO_COLOR: "1", ...options.env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = child.output();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(options.input ?? ""));
  await writer.close();
  const { success, stdout, stderr } = await output;
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { success, stdout: text(stdout), stderr: text(stderr) };
}
