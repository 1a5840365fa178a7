/**
 * Completion for bash, generated from the table of commands.
 *
 * @module
 */
import { COMMON_OPTIONS } from "../arguments.ts";
import type { Candidates, Command, CommandOption, Commands } from "../command.ts";

/**
 * Generates the script.
 *
 * @param commands The commands by name.
 * @returns The text of the script, for `source <(vitrine completion bash)`.
 */
export function bashCompletion(commands: Commands): string {
  const names = Object.keys(commands);
  const cases = Object.entries(commands).map(([name, command]) => caseOf(name, command));
  const valued = COMMON_OPTIONS.filter(({ value }) => value).map(({ name }) => `--${name}`);
  return `# bash completion for vitrine: source <(vitrine completion bash)

# Adds the lines of standard input that begin with the current word. Nothing in a name is executed.
_vitrine_lines() {
  local line
  while IFS= read -r line; do
    [[ $line == "$cur"* ]] && COMPREPLY+=("$(printf %q "$line")")
  done
}

# Adds the words that begin with the current one.
_vitrine_add() {
  local word
  for word in "$@"; do
    [[ $word == "$cur"* ]] && COMPREPLY+=("$word")
  done
}

_vitrine_stores() {
  _vitrine_lines < <(vitrine ls "\${common[@]}" / 2>/dev/null | sed 's,/$,,')
}

_vitrine_tree() {
  if [[ $cur == /* ]]; then
    local directory=\${cur%/*}/
    _vitrine_lines < <(vitrine ls "\${common[@]}" "$directory" 2>/dev/null | while IFS= read -r line; do
      printf '%s%s\\n' "$directory" "$line"
    done)
    compopt -o nospace
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    compopt -o filenames
    [[ -z $cur ]] && COMPREPLY+=(/)
  fi
}

_vitrine() {
  local cur=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local command='' count=0 i word
  local common=()
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      ${valued.join(" | ")}) common+=("$word" "\${COMP_WORDS[i + 1]}"); ((i++)) ;;
      -*) ;;
      *) if [[ -z $command ]]; then command=$word; else ((count++)); fi ;;
    esac
  done
  case $previous in
${indented(COMMON_OPTIONS.flatMap(valueCase), 4)}
  esac
  if [[ -z $command ]]; then
    _vitrine_add ${[...names, "help", ...COMMON_OPTIONS.flatMap(spellings), "--version"].join(" ")}
    return
  fi
  case $command in
    help) _vitrine_add ${names.join(" ")} ;;
${indented(cases.flat(), 4)}
  esac
}
complete -F _vitrine vitrine
`;
}

function caseOf(name: string, command: Command): string[] {
  const { options = [], candidates } = command;
  const all = [...options, ...COMMON_OPTIONS];
  return [
    `${name})`,
    ...options.some(({ value }) => value)
      ? ["  case $previous in", ...indented(options.flatMap(valueCase), 4).split("\n"), "  esac"]
      : [],
    "  if [[ $cur == -* ]]; then",
    `    _vitrine_add ${all.flatMap(spellings).join(" ")}`,
    "  else",
    `    ${operandsOf(candidates)}`,
    "  fi",
    "  ;;",
  ];
}

function operandsOf(candidates: Candidates | undefined): string {
  if (typeof candidates !== "object") return offer(candidates);
  return `if ((count == 0)); then ${offer(candidates)}; else _vitrine_tree; fi`;
}

function valueCase(option: CommandOption): string[] {
  if (option.value === undefined) return [];
  return [`${spellings(option).join(" | ")}) ${offer(option.candidates)}; return ;;`];
}

function spellings({ name, letters = [] }: CommandOption): string[] {
  return [`--${name}`, ...letters.map((letter) => `-${letter}`)];
}

function offer(candidates: Candidates | undefined): string {
  switch (candidates) {
    case "tree":
      return "_vitrine_tree";
    case "store":
      return "_vitrine_stores";
    case "file":
      return `mapfile -t COMPREPLY < <(compgen -f -- "$cur"); compopt -o filenames`;
    case "directory":
      return `mapfile -t COMPREPLY < <(compgen -d -- "$cur"); compopt -o filenames`;
    case undefined:
      return ":";
    default:
      return `_vitrine_add ${candidates.join(" ")}`;
  }
}

function indented(lines: readonly string[], columns: number): string {
  return lines.map((line) => " ".repeat(columns) + line).join("\n");
}
