/**
 * What a driver needs of the runtime beside Web standards, and the error if the runtime does not have it.
 *
 * @module
 */
import { UnsupportedBackend } from "../errors/mod.ts";
import { builtin, type BuiltinModules, runtimeName } from "./mod.ts";

/** The oldest versions that have all that is used; the tests run on them. */
const OLDEST = "Deno 2.7, Node 20.16 or Bun 1.4";

/**
 * Returns one of Node's built-in modules.
 *
 * @typeParam Name The name of the module.
 * @param name The name, with `node:`.
 * @param functions Functions that the module must have: older versions of a runtime lack some.
 * @returns The module.
 * @throws {UnsupportedBackend} If the runtime lacks the module or one of the functions.
 */
export function requireBuiltin<Name extends keyof BuiltinModules>(
  name: Name,
  functions: readonly (keyof BuiltinModules[Name] & string)[] = [],
): BuiltinModules[Name] {
  const module = builtin(name);
  if (module === undefined) throw lacks(name);
  for (const key of functions) {
    if (typeof module[key] !== "function") throw lacks(`${key} of ${name}`);
  }
  return module;
}

/**
 * Returns the error for what the runtime lacks. It names the runtime and the versions that have it.
 *
 * @param what The module or function.
 * @param versions The oldest versions that have it. Default: those of all runtimes with a file system.
 * @returns The error.
 */
export function lacks(what: string, versions: string = OLDEST): UnsupportedBackend {
  return new UnsupportedBackend(`${runtimeName()} lacks ${what}: ${versions} is needed`);
}
