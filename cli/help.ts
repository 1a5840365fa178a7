/**
 * The text of `--help`, generated from the table of commands.
 *
 * @module
 */
import { COMMON_OPTIONS, usageOf } from "./arguments.ts";
import { CALLER_VARIABLES } from "./caller.ts";
import {
  type CommandEntry,
  type CommandOption,
  type DescribedCommand,
  EXIT_MEANINGS,
} from "./command.ts";

/** What the program is, in a few words. */
export const PURPOSE = "every image store in one path tree";

/** How operands are read, in sentences. */
export const OPERANDS =
  "/store/path is a path of the tree. ./x, ../x and file:///x are local files, - is a standard stream. " +
  "A location URI, as stat shows it, works in place of a path of an image; in add, cp and mv, " +
  "file:///x is a local file.";

/** The environment variables that are laid over the configuration, with their meaning. */
export const VARIABLES: readonly (readonly [string, string])[] = [
  ["VITRINE_CONFIG", "the configuration, if --config does not name it"],
  ["VITRINE_DEFAULT_STORE", "the store that takes new images"],
  ["VITRINE_STORE_<NAME>_<OPTION>", "one option of a store: VITRINE_STORE_LOCAL_DATADIR"],
  ["VITRINE_TOKEN", "the bearer token of serve --writable"],
];

/**
 * Returns the help of the whole program.
 *
 * @param commands The commands by name; only their summaries are shown.
 * @returns The text, with a line feed at its end.
 */
export function overview(commands: Readonly<Record<string, CommandEntry>>): string {
  return [
    `vitrine COMMAND [OPTION...] [PATH...]: ${PURPOSE}`,
    "",
    ...wrapped(OPERANDS),
    "",
    "Commands; vitrine help COMMAND says more:",
    ...aligned(Object.entries(commands).map(([name, { summary }]) => [name, summary])),
    "",
    "Options of every command:",
    ...aligned([
      ...COMMON_OPTIONS.map((option) => [formatOption(option), option.help] as const),
      ["--version", "the version of vitrine, in place of a command"],
    ]),
    "",
    "Environment, laid over the configuration:",
    ...aligned(VARIABLES),
    "",
    "Environment, for stores that serve several tenants:",
    ...aligned(CALLER_VARIABLES),
    "",
    "Exit codes:",
    ...aligned(EXIT_MEANINGS.map(([code, meaning]) => [`${code}`, meaning])),
    "",
  ].join("\n");
}

/**
 * Returns the help of one command.
 *
 * @param name The name of the command.
 * @param command The command.
 * @returns The text, with a line feed at its end.
 */
export function helpOf(name: string, command: DescribedCommand): string {
  const { summary, description, options = [], examples = [] } = command;
  return [
    usageOf(name, command),
    summary,
    ...description ? ["", ...wrapped(description)] : [],
    "",
    ...aligned([...options, ...COMMON_OPTIONS].map((one) => [formatOption(one), one.help])),
    ...examples.length > 0 ? ["", ...examples.map((example) => `  ${example}`)] : [],
    "",
  ].join("\n");
}

/**
 * Returns an option as help shows it.
 *
 * @param option The option.
 * @returns Its short and long names and its value: `-n, --dry-run`.
 */
export function formatOption({ name, letters = [], value }: CommandOption): string {
  const names = [...letters.slice(0, 1).map((letter) => `-${letter}`), `--${name}`].join(", ");
  return value === undefined ? names : `${names} ${value}`;
}

/** Formats pairs in two columns. */
function aligned(pairs: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}`);
}

/** Breaks sentences into lines of at most 90 columns. */
function wrapped(text: string): string[] {
  return text.match(/.{1,90}(?: |$)/g)!.map((line) => line.trimEnd());
}
