/**
 * Node's built-in modules, in the runtimes that have them, without an import that bundlers for
 * other runtimes would stumble over.
 *
 * @module
 */

import type * as crypto from "node:crypto";
import type * as os from "node:os";
import type * as workerThreads from "node:worker_threads";

interface Builtins {
  "node:crypto": typeof crypto;
  "node:os": typeof os;
  "node:worker_threads": typeof workerThreads;
}

/**
 * The built-in module of that name, or undefined where the runtime has none.
 *
 * Deno, Bun, Node from 20.16 and workerd with `nodejs_compat` have `process.getBuiltinModule`
 * (https://nodejs.org/api/process.html#processgetbuiltinmoduleid).
 */
export function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): Builtins[Name] | undefined };
  };
  return process?.getBuiltinModule?.(name);
}
