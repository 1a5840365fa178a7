/**
 * The manual page, generated from the table of commands.
 *
 * @module
 */
import deno from "../deno.json" with { type: "json" };
import { COMMON_OPTIONS, usageOf } from "./arguments.ts";
import { CALLER_VARIABLES } from "./caller.ts";
import {
  type CommandOption,
  type Commands,
  type DescribedCommand,
  EXIT_MEANINGS,
} from "./command.ts";
import { formatOption, OPERANDS, PURPOSE, VARIABLES } from "./help.ts";

/**
 * Generates the manual page.
 *
 * @param commands The commands by name.
 * @returns The page in the `man` macros of troff.
 */
export function manualPage(commands: Commands): string {
  return [
    `.TH VITRINE 1 "" "vitrine ${deno.version}" "User Commands"`,
    ".SH NAME",
    `vitrine \\- ${escaped(PURPOSE)}`,
    ".SH SYNOPSIS",
    ".B vitrine",
    escaped("COMMAND [OPTION...] [PATH...]"),
    ".SH DESCRIPTION",
    escaped(OPERANDS),
    ".SH COMMANDS",
    ...Object.entries(commands).flatMap(([name, command]) => sectionOf(name, command)),
    ".SH OPTIONS",
    "The options of every command:",
    ...COMMON_OPTIONS.flatMap(optionLines),
    ".SH ENVIRONMENT",
    "These are laid over the configuration:",
    ...VARIABLES.flatMap(([name, meaning]) => tagged(name, meaning)),
    ".PP",
    "These are for stores that serve several tenants:",
    ...CALLER_VARIABLES.flatMap(([name, meaning]) => tagged(name, meaning)),
    ".SH EXIT STATUS",
    ...EXIT_MEANINGS.flatMap(([code, meaning]) => tagged(`${code}`, meaning)),
    ".SH FILES",
    ...tagged("vitrine.json", "the configuration, in the working directory"),
    ...tagged("./.vitrine/local", "the images of the only store, if there is no configuration"),
    "",
  ].join("\n");
}

function sectionOf(name: string, command: DescribedCommand): string[] {
  const { summary, description, options = [], examples = [] } = command;
  return [
    `.SS ${escaped(usageOf(name, command))}`,
    escaped(`${summary[0]!.toUpperCase()}${summary.slice(1)}.`),
    ...description === undefined ? [] : [escaped(description)],
    ...options.flatMap(optionLines),
    ...examples.length === 0 ? [] : [".PP", ".nf", ...examples.map(escaped), ".fi"],
  ];
}

function optionLines(option: CommandOption): string[] {
  return tagged(formatOption(option), option.help);
}

function tagged(name: string, meaning: string): string[] {
  return [".TP", `.B ${escaped(name)}`, escaped(meaning)];
}

/** Escapes what troff takes for its own: backslashes, dashes, and a dot or quote that begins a line. */
function escaped(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^(?=[.'])/, "\\&");
}
