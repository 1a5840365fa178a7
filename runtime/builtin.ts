/**
 * Node's built-in modules for the network, in the runtimes that have them and serve with them, without
 * an import that bundlers for other runtimes would stumble over.
 *
 * @module
 */
import type * as dns from "node:dns/promises";
import type * as fs from "node:fs/promises";
import type * as http from "node:http";
import type * as https from "node:https";
import type * as tls from "node:tls";
import { isWorkerd } from "./workerd.ts";

interface Builtins {
  "node:dns/promises": typeof dns;
  "node:fs/promises": typeof fs;
  "node:http": typeof http;
  "node:https": typeof https;
  "node:tls": typeof tls;
}

/**
 * The built-in module of that name, or `undefined` where the runtime has none: Deno, Bun and Node
 * from 20.16 do (https://nodejs.org/api/process.html#processgetbuiltinmoduleid); workerd has some,
 * which stand on its `fetch` and gain nothing.
 */
export function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): Builtins[Name] | undefined };
  };
  return isWorkerd() ? undefined : process?.getBuiltinModule?.(name);
}
