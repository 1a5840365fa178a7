/**
 * Finds the configuration of a program on a machine with files and an environment.
 *
 * @module
 */
import { BadStoreConfiguration } from "../errors/mod.ts";
import { requireBuiltin } from "../runtime/requirements.ts";
import { decodeText } from "../streams/decode_text.ts";
import { checkConfig, type Config } from "./config.ts";
import { type Environment, overlayEnvironment, variableOf } from "./environment.ts";

/** Options of {@linkcode loadConfig}. */
export interface LoadConfigOptions {
  /** The path of the file. Default: `VITRINE_CONFIG`, else `vitrine.json` in the working directory. */
  path?: string | undefined;
  /** The environment variables. Default: those of the process, as far as they may be read. */
  env?: Environment | undefined;
  /**
   * The configuration if there is no `vitrine.json`, with the environment laid over it. It is not used
   * if the environment configures whole stores. Default: none.
   */
  fallback?: Config | undefined;
}

/**
 * Finds and reads the configuration: a JSON file with the environment laid over it, variable by
 * variable (`VITRINE_STORE_<NAME>_<OPTION>`, `VITRINE_DEFAULT_STORE`).
 *
 * It is for Deno, Node and Bun; programs at the edge have their configuration in code. In Deno it needs
 * the permission to read the file. A variable that may not be read counts as unset.
 *
 * @param options The file, the environment, and what is used if there is no file.
 * @returns The configuration, or `undefined` if there is neither a file nor a variable that makes a
 * store, and no fallback.
 * @throws {BadStoreConfiguration} If the file is malformed, or was named and is missing. The error names
 * the file and the key.
 *
 * @example The stores of a machine
 * ```ts
 * import { loadConfig, openStores, Vfs } from "@vitrine/vitrine";
 *
 * async function openTree() {
 *   const config = await loadConfig() ?? { stores: { scratch: { driver: "memory" } } };
 *   return new Vfs(await openStores(config), { mounts: config.mounts });
 * }
 * ```
 */
export async function loadConfig(options: LoadConfigOptions = {}): Promise<Config | undefined> {
  const { path, env, fallback } = options;
  const named = path ?? (variableOf(env, "VITRINE_CONFIG") || undefined);
  const read = await readConfig(named ?? "vitrine.json", named !== undefined);
  const config = await overlayEnvironment(read ?? { stores: {} }, env);
  if (read !== undefined) return config;
  const stores = Object.values(config.stores);
  if (fallback && (stores.length === 0 || stores.some(({ driver }) => !driver))) {
    return await overlayEnvironment(fallback, env);
  }
  return stores.length === 0 ? undefined : config;
}

async function readConfig(path: string, required: boolean): Promise<Config | undefined> {
  const { readFile } = requireBuiltin("node:fs/promises");
  let text: string;
  try {
    text = decodeText(await readFile(path));
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    if (code === "ENOENT" && !required) return undefined;
    throw new BadStoreConfiguration(`${path}: cannot be read: ${code ?? message}`, {
      cause: error,
    });
  }
  return checkConfig(parseJson(text, path), path);
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Without what the engine quotes of the text, which holds secrets.
    const reason = (error as Error).message.replace(
      /,? *(\.\.\.)?"[^]*"(\.\.\.)? is not valid JSON/,
      "",
    )
      .replace(/ in JSON at position \d+.*$/s, "");
    const before = text.slice(0, placeOfError(text)).split("\n");
    const place = `line ${before.length} column ${before.at(-1)!.length + 1}`;
    throw new BadStoreConfiguration(`${path}: is not JSON: ${reason}, at ${place}`);
  }
}

/** Finds the length of the longest beginning of a text that could go on as JSON. */
function placeOfError(text: string): number {
  let [good, bad] = [0, text.length + 1];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (couldGoOn(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function couldGoOn(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const { message } = error as Error;
    const place = / at position (\d+)/.exec(message)?.[1];
    return /end of JSON|EOF|Unterminated/i.test(message) || Number(place) === text.length;
  }
}
