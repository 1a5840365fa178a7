/**
 * Completion for fish, generated from the table of commands.
 *
 * @module
 */
import { COMMON_OPTIONS } from "../arguments.ts";
import type { Candidates, CommandOption, Commands, DescribedCommand } from "../command.ts";

/**
 * Generates the script.
 *
 * @param commands The commands by name.
 * @returns The text of the script, for `vitrine completion fish | source`.
 */
export function fishCompletion(commands: Commands): string {
  const names = Object.keys(commands).join(" ");
  const first = quoted(`not __fish_seen_subcommand_from ${names} help`);
  return `# fish completion for vitrine: vitrine completion fish | source

function __vitrine_config
    set -l words (commandline -opc)
    for i in (seq (count $words))
        if contains -- $words[$i] --config --glance-conf --glance-conf-dir
            echo $words[$i]
            echo $words[(math $i + 1)]
        end
    end
end

function __vitrine_stores
    vitrine ls (__vitrine_config) / 2>/dev/null | string replace -r '/$' ''
end

function __vitrine_tree
    set -l current (commandline -ct)
    if string match -q '/*' -- $current
        set -l directory (string replace -r '[^/]*$' '' -- $current)
        vitrine ls (__vitrine_config) $directory 2>/dev/null | string replace -r '^' -- $directory
    else
        __fish_complete_path $current
        echo /
    end
end

complete -c vitrine -f
complete -c vitrine -n ${first} -l version -d 'the version of vitrine'
complete -c vitrine -n ${first} -a help -d 'help on a command'
complete -c vitrine -n '__fish_seen_subcommand_from help' -a ${quoted(names)}
${COMMON_OPTIONS.map((option) => optionLine(option)).join("\n")}
${Object.entries(commands).flatMap(([name, command]) => linesOf(name, command, first)).join("\n")}
`;
}

function linesOf(name: string, command: DescribedCommand, first: string): string[] {
  const { summary, options = [], candidates } = command;
  const condition = quoted(`__fish_seen_subcommand_from ${name}`);
  const operands = typeof candidates === "object"
    ? [candidates, "tree" as const]
    : candidates === undefined
    ? []
    : [candidates];
  return [
    `complete -c vitrine -n ${first} -a ${name} -d ${quoted(summary)}`,
    ...options.map((option) => optionLine(option, condition)),
    ...operands.map((one) => `complete -c vitrine -n ${condition} ${candidatesOf(one)}`),
  ];
}

function optionLine({ name, letters = [], value, help, candidates }: CommandOption, when?: string) {
  return [
    "complete -c vitrine",
    when === undefined ? "" : `-n ${when}`,
    ...letters.map((letter) => `-s ${letter}`),
    `-l ${name}`,
    value === undefined ? "" : `-r ${candidatesOf(candidates)}`,
    `-d ${quoted(help)}`,
  ].filter(Boolean).join(" ");
}

function candidatesOf(candidates: Candidates | undefined): string {
  switch (candidates) {
    case "tree":
      return "-f -a '(__vitrine_tree)'";
    case "store":
      return "-f -a '(__vitrine_stores)'";
    case "file":
      return "-F";
    case "directory":
      return "-f -a '(__fish_complete_directories)'";
    case undefined:
      return "-f";
    default:
      return `-f -a ${quoted(candidates.join(" "))}`;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
