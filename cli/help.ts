/**
 * What `--help` says.
 *
 * @module
 */
import { CALLER } from "./caller.ts";
import type { Command } from "./command.ts";

const GLOBAL = [
  "--config FILE          configuration; vitrine.json, else a file store in ./.vitrine/local",
  "--glance-conf FILE     glance-api.conf instead; may be repeated, the last counts most",
  "--glance-conf-dir DIR  directory of more such files, *.conf",
  "--tenant ID            act for a tenant, in stores that serve several",
  "--json                 results as JSON",
  "--debug                stack traces",
  "--help                 this text, or a command's",
];

const ENVIRONMENT = [
  "VITRINE_CONFIG                 the configuration, where --config does not name it",
  "VITRINE_DEFAULT_STORE          the store that takes new images",
  "VITRINE_STORE_<NAME>_<OPTION>  one option of a store: VITRINE_STORE_LOCAL_DATADIR",
  "VITRINE_TOKEN                  the bearer token of serve --writable",
];

/** What there is, command by command. */
export function overview(commands: Readonly<Record<string, Command>>): string {
  return [
    "vitrine COMMAND [OPTION...] [PATH...]: every image store in one path tree",
    "",
    "Paths: /store/path is of the tree, ./x, ../x and file:///x are local files, - is a standard stream.",
    "A location URI, as stat tells it, is an image wherever a path of one is; file:///x is a local file",
    "in add, cp and mv.",
    "",
    ...aligned(Object.entries(commands).map(([name, { summary }]) => `${name}  ${summary}`)),
    "",
    "Options of every command:",
    ...aligned([...GLOBAL, "--version              which vitrine it is, in place of a command"]),
    "",
    "Environment, laid over the configuration:",
    ...aligned(ENVIRONMENT),
    "",
    "Environment, for stores that serve several tenants:",
    ...aligned(CALLER),
    "",
  ].join("\n");
}

/** What a command does, with all its options. */
export function helpOf({ usage, summary, options = [] }: Command): string {
  return [`vitrine ${usage}`, summary, "", ...aligned([...options, ...GLOBAL]), ""].join("\n");
}

/** Lines of an option, two spaces and its meaning, in two columns. */
function aligned(lines: readonly string[]): string[] {
  const pairs = lines.map((line) => line.split(/ {2,}(.*)/s) as [string, string]);
  const width = Math.max(...pairs.map(([option]) => option.length));
  return pairs.map(([option, meaning]) => `  ${option.padEnd(width)}  ${meaning}`);
}
