/**
 * Deno, which runs the suite as it stands, not bundled.
 *
 * @module
 */
import { runSuite } from "../suite.ts";
import type { Runtime } from "./runtime.ts";

/** This very process. */
export function deno(): Runtime {
  return { name: `Deno ${Deno.version.deno}`, run: (_, env) => runSuite(env) };
}
