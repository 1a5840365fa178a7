/**
 * Paths of this machine in a configuration: `~`, and stores whose directories lie inside each other.
 *
 * @module
 */
import { BadStoreConfiguration } from "../errors/mod.ts";
import { workingDirectory } from "../runtime/environment.ts";
import type { StoreConfig } from "./config.ts";
import { type Environment, variableOf } from "./environment.ts";

/** The options that are paths of this machine. In others a `~` is a character like any other. */
const IS_PATH = /(?:dirs?|file|conf|cacert|keyring)$/i;

/**
 * Replaces `~` at the beginning of a path by the home directory.
 *
 * @param value The value of an option; one that is no path is returned as it is.
 * @param env The environment variables. Default: those of the process, as far as they may be read.
 * @param key The name of the option.
 * @returns The value with the home directory in it.
 * @throws {BadStoreConfiguration} If the home directory is not known or that of another user.
 */
export function expandHome(value: unknown, env: Environment | undefined, key: string): unknown {
  if (!IS_PATH.test(key)) return value;
  if (Array.isArray(value)) return value.map((inner) => expandHome(inner, env, key));
  if (typeof value !== "string") return value;
  // A list may be written as one text.
  if (/dirs$/i.test(key) && value.includes(",")) {
    return value.split(",").map((inner) => expandHome(inner.trim(), env, key));
  }
  if (!value.startsWith("~")) return value;
  if (!/^~(\/|$)/.test(value)) {
    throw new BadStoreConfiguration(`option "${key}" is "${value}": only ~/ can be expanded`);
  }
  const home = variableOf(env, "HOME");
  if (!home) {
    throw new BadStoreConfiguration(`option "${key}" is "${value}": the variable HOME is not set`);
  }
  return home.replace(/\/$/, "") + value.slice(1);
}

/**
 * Returns the directories in which a store keeps its images.
 *
 * @param config The store, expanded.
 * @returns Absolute paths, none for a store that keeps its images elsewhere.
 */
export function directoriesOf({ driver, datadir, datadirs }: StoreConfig): string[] {
  if (driver !== "file") return [];
  const list = typeof datadirs === "string" ? datadirs.split(",") : datadirs;
  // An entry may end with a colon and its priority.
  const several = Array.isArray(list) ? list.map((one) => `${one}`.replace(/:-?\d+$/, "")) : [];
  return [...several, ...typeof datadir === "string" ? [datadir] : []]
    .filter(Boolean)
    .map((path) => absolute(path.trim()));
}

/**
 * Returns why a store cannot be used whose directory lies inside that of another store, or around it:
 * each would list and delete images of the other.
 *
 * @param name The name of the store.
 * @param directories The directories of all stores by name.
 * @returns The error, or `undefined`.
 */
export function nestedDirectory(
  name: string,
  directories: ReadonlyMap<string, readonly string[]>,
): BadStoreConfiguration | undefined {
  for (const mine of directories.get(name) ?? []) {
    for (const [other, theirs] of directories) {
      const directory = theirs.find((one) => isInside(mine, one) || isInside(one, mine));
      if (other === name || directory === undefined) continue;
      const relation = isInside(mine, directory) ? "lies inside" : "holds";
      return new BadStoreConfiguration(
        `the directory ${mine} ${relation} ${directory} of the store "${other}"`,
        { store: name },
      );
    }
  }
}

function isInside(inner: string, outer: string): boolean {
  return inner !== outer && inner.startsWith(outer === "/" ? "/" : `${outer}/`);
}

function absolute(path: string): string {
  const segments: string[] = [];
  const start = path.startsWith("/") ? path : `${workingDirectory() ?? "."}/${path}`;
  for (const segment of start.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return `/${segments.join("/")}`;
}
