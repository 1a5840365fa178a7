/**
 * Parses the arguments of a command by the options that it declares.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { type Arguments, type Command, type CommandOption, UsageError } from "./command.ts";

/** The options of every command. */
export const COMMON_OPTIONS: readonly CommandOption[] = [
  {
    name: "config",
    value: "FILE",
    help: "configuration. Default: vitrine.json, else a file store in ./.vitrine/local",
    candidates: "file",
  },
  {
    name: "glance-conf",
    value: "FILE",
    repeated: true,
    help: "glance-api.conf instead; if repeated, the last counts most",
    candidates: "file",
  },
  {
    name: "glance-conf-dir",
    value: "DIR",
    repeated: true,
    help: "directory with more such files, *.conf",
    candidates: "directory",
  },
  { name: "tenant", value: "ID", help: "act for a tenant, in stores that serve several" },
  { name: "json", help: "results as JSON" },
  { name: "debug", help: "stack traces of errors" },
  { name: "help", letters: ["h"], help: "this text" },
];

/** What may stand in a command's place. */
const INSTEAD: readonly string[] = ["--help", "-h", "--version"];

/**
 * Moves the options that stand before the command behind it.
 *
 * @param args The command line, without the program's name.
 * @returns The command, if there is one, and its arguments.
 * @throws {UsageError} If an option before the command is not one of every command.
 */
export function commandFirst(args: readonly string[]): string[] {
  let count = 0;
  for (let arg; (arg = args[count])?.startsWith("-") && !INSTEAD.includes(arg); count++) {
    const [, name, value] = /^--([^=]+)(=.*)?$/s.exec(arg) ?? [];
    const option = COMMON_OPTIONS.find((one) => one.name === name);
    if (option === undefined || (value !== undefined && !option.value)) {
      throw new UsageError(`unknown option ${arg}; a command's own come after the command`);
    }
    if (option.value && value === undefined) count++;
  }
  const [command, ...rest] = args.slice(count);
  return command === undefined ? [] : [command, ...args.slice(0, count), ...rest];
}

/**
 * Parses the arguments of a command.
 *
 * @param name The name of the command.
 * @param command The command.
 * @param args What follows the command.
 * @returns The operands and options.
 * @throws {UsageError} If an option is unknown or lacks its value.
 */
export function parseArguments(
  name: string,
  command: Command,
  args: readonly string[],
): Arguments {
  const options = [...COMMON_OPTIONS, ...command.options ?? []];
  const valued = options.filter(({ value }) => value !== undefined).map(({ name }) => name);
  const unknown: string[] = [];
  const parsed: Record<string, unknown> & { _: unknown[] } = parseArgs(joined(args, valued), {
    boolean: options.filter(({ value }) => value === undefined).map(({ name }) => name),
    string: [...valued, "_"],
    collect: options.filter(({ repeated }) => repeated).map(({ name }) => name),
    alias: Object.fromEntries(options.map(({ name, letters = [] }) => [name, letters])),
    "--": true,
    unknown: (arg) => {
      // A single dash is standard input or output.
      if (arg.startsWith("-") && arg !== "-") unknown.push(arg);
    },
  });
  if (unknown.length > 0) {
    throw new UsageError(`unknown option ${unknown[0]}; usage: ${usageOf(name, command)}`);
  }
  for (const option of valued) {
    if ([parsed[option]].flat().includes("")) throw new UsageError(`--${option} needs a value`);
  }
  return {
    operands: [...parsed._, ...(parsed["--"] as string[])].map(String),
    has: (option) => parsed[option] === true,
    value: (option) => [parsed[option]].flat().at(-1) as string | undefined,
    values: (option) => parsed[option] as string[],
  };
}

/** Joins an option and its value, also a value that begins with a dash: `--range -2`. */
function joined(args: readonly string[], valued: readonly string[]): string[] {
  const result: string[] = [];
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  for (let i = 0; i < args.length; i++) {
    const takesNext = i + 1 < end && valued.some((name) => args[i] === `--${name}`);
    result.push(takesNext ? `${args[i]}=${args[++i]}` : args[i]!);
  }
  return result;
}

/**
 * Returns the usage line of a command.
 *
 * @param name The name of the command.
 * @param command The command.
 * @returns A line that shows its own options and operands: `vitrine rm [-r] [-f] PATH...`.
 */
export function usageOf(name: string, { options = [], operands }: Command): string {
  const shown = options.map(({ name, letters, value, repeated }) => {
    const option = letters ? `-${letters[0]}` : `--${name}`;
    return `[${option}${value ? ` ${value}` : ""}]${repeated ? "..." : ""}`;
  });
  return ["vitrine", name, ...shown, operands].filter(Boolean).join(" ");
}
