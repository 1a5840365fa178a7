/**
 * Environment variables in a configuration: whole options, which replace those of the file, and values
 * that the file's strings refer to.
 *
 * @module
 */
import { BadStoreConfiguration } from "../errors/mod.ts";
import { STORE_OPTIONS } from "../store/options.ts";
import { readVariable, variableNames } from "../runtime/environment.ts";
import type { Config, StoreConfig } from "./config.ts";
import { loadDriver } from "./registry.ts";
import { SETTINGS } from "./settings.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

const OPTION = /^VITRINE_STORE_([^_]+)_(.+)$/;

/**
 * Reads one environment variable.
 *
 * @param env The variables. Default: those of the process, as far as they may be read.
 * @param name The name of the variable.
 * @returns Its value, or `undefined`.
 */
export function variableOf(env: Environment | undefined, name: string): string | undefined {
  return env === undefined ? readVariable(name) : env[name];
}

/**
 * Lays the environment over a configuration, as rclone does: `VITRINE_DEFAULT_STORE` names the default
 * store, and `VITRINE_STORE_<NAME>_<OPTION>` sets an option, `VITRINE_STORE_LOCAL_FILE_PERM` the
 * `filePerm` of `local`. Names are compared without regard to case and hold no underscore; a store that
 * only the environment has gets its name in lower case. An empty variable counts as unset.
 *
 * If the variables may not be listed, each option of each configured store is looked up by name. Stores
 * that only the environment has are not found then.
 *
 * @param config The configuration.
 * @param env The variables. Default: those of the process, as far as they may be read.
 * @returns The configuration with the environment in it.
 */
export async function overlayEnvironment(config: Config, env?: Environment): Promise<Config> {
  const names = env === undefined ? variableNames() : Object.keys(env);
  const stores: Record<string, StoreConfig> = { ...config.stores };
  for (const variable of names ?? await variablesOf(config)) {
    const [, store, option] = OPTION.exec(variable) ?? [];
    const value = store && variableOf(env, variable);
    if (!value) continue;
    const name = Object.keys(stores).find((one) => isSameName(one, store)) ?? store.toLowerCase();
    stores[name] = { ...stores[name], [camelCase(option!)]: value };
  }
  const chosen = variableOf(env, "VITRINE_DEFAULT_STORE");
  if (!chosen) return { ...config, stores, default: config.default };
  const name = Object.keys(stores).find((one) => isSameName(one, chosen)) ?? chosen;
  return { ...config, stores, default: name };
}

function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Returns the variables that may set an option of the configured stores. */
async function variablesOf({ stores }: Config): Promise<string[]> {
  const variables = await Promise.all(
    Object.entries(stores).map(async ([name, { driver }]) => {
      const options = await loadDriver(`${driver}`).then(({ OPTIONS }) => OPTIONS, () => ({}));
      return Object.keys({ ...SETTINGS, ...STORE_OPTIONS, ...options })
        .map((option) => `VITRINE_STORE_${name.toUpperCase()}_${snakeCase(option)}`);
    }),
  );
  return variables.flat();
}

function camelCase(name: string): string {
  return name.toLowerCase().replace(/_+(.)/g, (_, letter: string) => letter.toUpperCase());
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, "_$&").toUpperCase();
}

/**
 * Replaces `${env:NAME}` in the strings of a value by the variable of that name.
 *
 * @param value A string, or lists and records that hold strings at any depth.
 * @param env The variables. Default: those of the process, as far as they may be read.
 * @param key The option that has the value, for the error.
 * @returns The value with the variables in it.
 * @throws {BadStoreConfiguration} If a variable is not set. The error names the option and the variable.
 */
export function expandEnvironment(
  value: unknown,
  env: Environment | undefined,
  key: string,
): unknown {
  if (typeof value === "string") {
    return value.replace(/\$\{env:([^}]*)\}/g, (_, name: string) => {
      const found = variableOf(env, name);
      if (found !== undefined) return found;
      throw new BadStoreConfiguration(`option "${key}": the environment has no ${name}`);
    });
  }
  if (Array.isArray(value)) return value.map((inner) => expandEnvironment(inner, env, key));
  if (Object.getPrototypeOf(value ?? 0) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value as object).map(([name, inner]) => [
      name,
      expandEnvironment(inner, env, `${key}.${name}`),
    ]),
  );
}
