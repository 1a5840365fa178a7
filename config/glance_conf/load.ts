/**
 * Reads glance-api.conf from files.
 *
 * @module
 */
import { BadStoreConfiguration } from "../../errors/mod.ts";
import type { Config } from "../config.ts";
import { requireBuiltin } from "../../runtime/requirements.ts";
import { decodeText } from "../../streams/decode_text.ts";
import { type GlanceConfFile, parseGlanceConf } from "./parse.ts";

/** Options of {@linkcode loadGlanceConf}. */
export interface LoadGlanceConfOptions {
  /** The paths of files, later ones over earlier ones. Default: none. */
  files?: readonly string[] | undefined;
  /** Directories whose `*.conf` are read after all files, in the order of their names. Default: none. */
  directories?: readonly string[] | undefined;
  /** Called with a warning for each option that no store knows. Default: `console.warn`. */
  onWarning?: ((warning: string) => void) | undefined;
}

/**
 * Reads the configuration files of Glance; see `parseGlanceConf`.
 *
 * For Deno, Node and Bun.
 *
 * @param options The files and directories, and what takes warnings.
 * @returns The configuration for `openStores`.
 * @throws {BadStoreConfiguration} If a file cannot be read or is malformed.
 *
 * @example The images of a Glance
 * ```ts
 * import { openStores, Vfs } from "@vitrine/vitrine";
 * import { loadGlanceConf } from "@vitrine/vitrine/glance";
 *
 * async function openTree() {
 *   const config = await loadGlanceConf({ files: ["/etc/glance/glance-api.conf"] });
 *   return new Vfs(await openStores(config));
 * }
 * ```
 */
export async function loadGlanceConf(
  { files = [], directories = [], onWarning }: LoadGlanceConfOptions,
): Promise<Config> {
  const { readdir, readFile, stat } = requireBuiltin("node:fs/promises");
  const { dirname, isAbsolute, join } = requireBuiltin("node:path");
  const paths = [...files];
  for (const directory of directories) {
    const names = await readable(directory, () => readdir(directory));
    const chosen = names.filter((name) => name.endsWith(".conf") && !name.startsWith("."));
    paths.push(...chosen.sort().map((name) => join(directory, name)));
  }
  const read: GlanceConfFile[] = [];
  for (const path of paths) {
    read.push({ path, text: decodeText(await readable(path, () => readFile(path))) });
  }

  // As find_file of oslo.config: beside the files that were named, the last first, and in /etc/glance.
  const places = [...directories, ...files.map((path) => dirname(path)).reverse(), "/etc/glance"];
  const findFile = async (name: string) => {
    if (isAbsolute(name)) return name;
    for (const path of places.map((place) => join(place, name))) {
      if (await stat(path).then(() => true, () => false)) return path;
    }
    return name;
  };
  return await parseGlanceConf(read, { findFile, onWarning });
}

async function readable<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    throw new BadStoreConfiguration(`${path}: cannot be read: ${code ?? message}`, {
      cause: error,
    });
  }
}
