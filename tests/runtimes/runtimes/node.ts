/**
 * Node and Bun: programs that import the bundle and print what the suite found.
 *
 * @module
 */
import { createRequire } from "node:module";
import type { CaseResult } from "../case.ts";
import type { SuiteEnv } from "../environment.ts";
import { output, type Runtime } from "./runtime.ts";

const SCRIPT = `
  const [directory, env] = process.argv.slice(-2);
  const { default: suite } = await import(directory + "/worker.js");
  console.log(JSON.stringify(await suite.run(JSON.parse(env))));
  process.exit();`;

/** The machine's own Node, 20 or later. */
export async function node(): Promise<Runtime> {
  const version = await output("node", "--version");
  if (Number(/^v(\d+)/.exec(version)?.[1]) < 20) throw new Error(`${version} is older than 20`);
  return {
    name: `Node ${version.slice(1)}`,
    run: (directory, env) => run("node", ["--input-type=module"], directory, env),
  };
}

/** Bun as npm has it: the package of this platform holds the program. */
export async function bun(): Promise<Runtime> {
  // deno-lint-ignore no-import-prefix
  const { default: { version } } = await import("npm:bun@1.4.4/package.json", {
    with: { type: "json" },
  });
  const platform = `${Deno.build.os}-${Deno.build.arch === "x86_64" ? "x64" : "aarch64"}`;
  const program = createRequire(import.meta.resolve("npm:bun@1.4.4/package.json"))
    .resolve(`@oven/bun-${platform}/bin/bun`);
  return {
    name: `Bun ${version}`,
    run: (directory, env) => run(program, [], directory, env),
  };
}

async function run(
  program: string,
  args: string[],
  directory: string,
  env: SuiteEnv,
): Promise<CaseResult[]> {
  return JSON.parse(await output(program, ...args, "-e", SCRIPT, directory, JSON.stringify(env)));
}
