/**
 * Runs a module of the tests in a process of its own.
 *
 * @module
 */
import { deno } from "../../tools/project.ts";

/**
 * Runs a module in a Deno of its own, with this process's environment: the child finds the same registry and
 * cache, and writes to no other.
 *
 * @param module The module.
 * @param args Its arguments.
 * @returns What it printed on its standard output.
 */
export async function runChild(module: URL, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await deno(["run", "-A", module.href, ...args]);
  if (!success) throw new Error(`${module.pathname} failed: ${stderr.slice(-2000)}`);
  return stdout;
}
