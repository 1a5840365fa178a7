/**
 * What the environment says of a configuration: whole options, laid over the file's, and values that
 * the file's strings ask for.
 *
 * @module
 */
import { BadStoreConfiguration } from "../errors/mod.ts";
import type { Config, StoreConfig } from "./config.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

const OPTION = /^VITRINE_STORE_([^_]+)_(.+)$/;

/**
 * The environment of the process, as `env`, where the runtime has one: nothing is read until a
 * variable is asked for. A promise that resolved to the environment itself would ask for `then`.
 */
export async function processEnvironment(): Promise<{ env: Environment }> {
  const { env } = await import("node:process");
  return { env };
}

/**
 * Lays the environment over a configuration, rclone's way: `VITRINE_DEFAULT_STORE` names the default
 * store, and `VITRINE_STORE_<NAME>_<OPTION>` sets an option, `VITRINE_STORE_LOCAL_FILE_PERM` the
 * `filePerm` of `local`. A name is matched without regard to case and holds no underscore; a store
 * that only the environment has gets its name in lower case. An empty variable counts as none.
 */
export function overlayEnvironment(config: Config, env: Environment): Config {
  const stores: Record<string, StoreConfig> = { ...config.stores };
  for (const [variable, value] of Object.entries(env)) {
    const match = OPTION.exec(variable);
    if (!match || !value) continue;
    const name = match[1]!.toLowerCase();
    const known = Object.keys(stores).find((one) => one.toLowerCase() === name) ?? name;
    stores[known] = { ...stores[known], [camelCase(match[2]!)]: value };
  }
  return { ...config, stores, default: defaultStore(config, stores, env) };
}

function defaultStore(config: Config, stores: Config["stores"], env: Environment) {
  const given = env["VITRINE_DEFAULT_STORE"];
  if (!given) return config.default;
  return Object.keys(stores).find((name) => name.toLowerCase() === given.toLowerCase()) ?? given;
}

function camelCase(name: string): string {
  return name.toLowerCase().replace(/_+(.)/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Puts environment variables into the strings of a value, `${env:NAME}` by `${env:NAME}`. Throws
 * `BadStoreConfiguration`, which names the key and the variable.
 */
export function expandEnvironment(value: unknown, env: Environment, key: string): unknown {
  if (typeof value === "string") {
    return value.replace(/\$\{env:([^}]*)\}/g, (_, name: string) => {
      const found = env[name];
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
