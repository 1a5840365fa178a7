/**
 * Completion for zsh, generated from the table of commands.
 *
 * @module
 */
import { COMMON_OPTIONS } from "../arguments.ts";
import type { Candidates, Command, CommandOption, Commands } from "../command.ts";

/**
 * Generates the script.
 *
 * @param commands The commands by name.
 * @returns The text of the script, for a file `_vitrine` in a directory of `fpath`.
 */
export function zshCompletion(commands: Commands): string {
  const described = Object.entries(commands).map(([name, { summary }]) =>
    quoted(`${name}:${summary.replaceAll(":", "\\:")}`)
  );
  const cases = Object.entries(commands).map(([name, command]) => caseOf(name, command));
  return `#compdef vitrine
# zsh completion for vitrine: vitrine completion zsh > "\${fpath[1]}/_vitrine"

_vitrine_stores() {
  local -a stores
  stores=(\${(f)"$(vitrine ls $vitrine_config / 2>/dev/null)"})
  compadd -- \${stores%/}
}

_vitrine_tree() {
  if [[ $PREFIX == /* ]]; then
    local -a entries
    local directory=\${PREFIX%/*}/
    entries=(\${(f)"$(vitrine ls $vitrine_config -- \${(Q)directory} 2>/dev/null)"})
    compset -P '*/'
    compadd -S '' -- $entries
  else
    _files
    [[ -z $PREFIX ]] && compadd -S '' -- /
  fi
}

_vitrine() {
  local curcontext=$curcontext state line
  local -a commands vitrine_config
  local -A opt_args
  commands=(
${described.map((line) => `    ${line}`).join("\n")}
    'help:help on a command'
  )
  _arguments -C ${
    specsOf(COMMON_OPTIONS).join(" ")
  } '--version[the version of vitrine]' '1:command:->command' '*::argument:->argument'
  [[ -n $opt_args[--config] ]] && vitrine_config+=(--config $opt_args[--config])
  [[ -n $opt_args[--glance-conf] ]] && vitrine_config+=(--glance-conf $opt_args[--glance-conf])
  case $state in
    command) _describe command commands ;;
    argument)
      case $words[1] in
        help) _describe command commands ;;
${cases.map((line) => `        ${line}`).join("\n")}
      esac
      ;;
  esac
}

if [[ $funcstack[1] == _vitrine ]]; then _vitrine "$@"; else compdef _vitrine vitrine; fi
`;
}

function caseOf(name: string, { options = [], candidates }: Command): string {
  const operands = typeof candidates === "object"
    ? [quoted(`1:action:${actionOf(candidates)}`), "'*:path:_vitrine_tree'"]
    : [quoted(`*:operand:${actionOf(candidates)}`)];
  const specs = [...specsOf([...options, ...COMMON_OPTIONS]), ...operands];
  return `${name}) _arguments ${specs.join(" ")} ;;`;
}

function specsOf(options: readonly CommandOption[]): string[] {
  return options.flatMap((option) => {
    const { name, letters = [], value, repeated, help, candidates } = option;
    const names = [`--${name}`, ...letters.map((letter) => `-${letter}`)];
    const others = repeated ? "*" : names.length > 1 ? `(${names.join(" ")})` : "";
    const meaning = help.replace(/[[\]:]/g, "\\$&");
    const argument = value ? `:${value}:${actionOf(candidates)}` : "";
    return names.map((one) => quoted(`${others}${one}[${meaning}]${argument}`));
  });
}

function actionOf(candidates: Candidates | undefined): string {
  switch (candidates) {
    case "tree":
      return "_vitrine_tree";
    case "store":
      return "_vitrine_stores";
    case "file":
      return "_files";
    case "directory":
      return "_files -/";
    case undefined:
      return " ";
    default:
      return `(${candidates.join(" ")})`;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
