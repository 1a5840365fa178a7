/**
 * `vitrine completion`: the script with which a shell completes commands, options and paths.
 *
 * @module
 */
import { type Command, UsageError } from "../command.ts";
import { bashCompletion } from "../completion/bash.ts";
import { fishCompletion } from "../completion/fish.ts";
import { zshCompletion } from "../completion/zsh.ts";

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** `vitrine completion`. */
export const completion: Command = {
  operands: "bash|zsh|fish",
  count: [1, 1],
  candidates: Object.keys(SHELLS),
  examples: [
    "source <(vitrine completion bash)",
    'vitrine completion zsh > "${fpath[1]}/_vitrine"',
    "vitrine completion fish | source",
  ],
  async run({ out, json, commands }, { operands: [shell = ""] }) {
    if (json) throw new UsageError("completion has no JSON form");
    if (!Object.hasOwn(SHELLS, shell)) throw new UsageError("completion is for bash, zsh or fish");
    const script = SHELLS[shell as keyof typeof SHELLS](await commands());
    await out.write(new TextEncoder().encode(script));
  },
};
