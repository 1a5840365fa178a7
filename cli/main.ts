/**
 * Runs a command line: from arguments to an exit code.
 *
 * @module
 */
import deno from "../deno.json" with { type: "json" };
import { commandFirst, parseArguments, usageOf } from "./arguments.ts";
import { type Arguments, type Command, EXIT, exitCodeOf, UsageError } from "./command.ts";
import { COMMANDS, loadCommand } from "./commands/mod.ts";
import { helpOf, overview } from "./help.ts";
import { Output } from "./output.ts";
import { printError } from "./print_error.ts";

/**
 * Runs a command line. The first INT, TERM or HUP signal ends the command, which cleans up; a second
 * one ends the process.
 *
 * @param args The command line, without the program's name.
 * @returns The exit code: 0 done, 1 failed, 2 misused, 3 differs or corrupt, 4 nothing is known to judge
 * by, 130 interrupted, 141 nobody reads the output.
 *
 * @example Run a command from code
 * ```ts
 * import { main } from "@vitrine/vitrine/cli";
 *
 * async function list() {
 *   return await main(["ls", "/"]);
 * }
 * ```
 */
export async function main(args: readonly string[]): Promise<number> {
  const isDebug = args.includes("--debug");
  try {
    const [name, ...rest] = commandFirst(args);
    if (name === "--version") return await print(`vitrine ${deno.version}\n`);
    if (name === undefined) throw new UsageError(`a command is needed\n\n${overview(COMMANDS)}`);
    if (["help", "--help", "-h"].includes(name)) {
      return await print(await helpOn(args[args.indexOf(name) + 1]));
    }
    const command = await loadCommand(name);
    const parsed = parseArguments(name, command, rest);
    if (parsed.has("help")) return await print(helpOf(name, command));
    checkCount(name, command, parsed);
    const { runCommand } = await import("./run_command.ts");
    return await runCommand(command, parsed, isDebug);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return EXIT.brokenPipe;
    printError(error, isDebug);
    return exitCodeOf(error);
  }
}

/** Returns the help of a command, or of the whole program. */
async function helpOn(topic: string | undefined): Promise<string> {
  if (topic === undefined || topic.startsWith("-")) return overview(COMMANDS);
  return helpOf(topic, await loadCommand(topic));
}

/** Checks that a command has as many operands as it needs, and no more. */
function checkCount(name: string, command: Command, { operands }: Arguments): void {
  const [least, most] = command.count;
  if (operands.length < least || operands.length > most) {
    throw new UsageError(`usage: ${usageOf(name, command)}`);
  }
}

async function print(text: string): Promise<number> {
  await new Output().write(new TextEncoder().encode(text));
  return EXIT.done;
}
