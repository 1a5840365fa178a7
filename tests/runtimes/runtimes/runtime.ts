/**
 * What a runtime is to the suite, and running its program.
 *
 * @module
 */
import type { CaseResult } from "../case.ts";
import type { SuiteEnv } from "../environment.ts";

/** A runtime that can be had here. */
export interface Runtime {
  /** Its name and version. */
  readonly name: string;
  /** Runs the suite, whose bundle is the module `worker.js` of a directory. */
  run(directory: string, env: SuiteEnv): Promise<CaseResult[]>;
}

/** The suite as the bundle's default export. */
export interface Suite {
  /** Runs it. */
  run(env: SuiteEnv): Promise<CaseResult[]>;
}

/** Runs a program to its end and resolves to what it printed. Throws the end of what it complained. */
export async function output(program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" })
    .output();
  const [said, complained] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!success) throw new Error(`${program} failed: ${complained!.slice(-2000)}`);
  return said!.trim();
}
