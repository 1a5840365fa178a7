/**
 * Runs a command line: from arguments to an exit code.
 *
 * @module
 */
import deno from "../deno.json" with { type: "json" };
import { overlayEnvironment } from "../config/environment.ts";
import { type Config, loadConfig, openStores } from "../config/mod.ts";
import { readVariable } from "../runtime/environment.ts";
import type { Vfs } from "../vfs/mod.ts";
import { commandFirst, parseArguments, usageOf } from "./arguments.ts";
import { readCaller } from "./caller.ts";
import {
  type Arguments,
  combinedExitCode,
  type Command,
  EXIT,
  exitCodeOf,
  type Session,
  UsageError,
} from "./command.ts";
import { COMMANDS } from "./commands/mod.ts";
import { helpOf, overview } from "./help.ts";
import { Interrupt } from "./interrupt.ts";
import { Output } from "./output.ts";
import { clearProgress } from "./progress.ts";
import { printable } from "./text.ts";
import { OperandTree } from "./tree.ts";

/** The configuration if there is none: a file store in the working directory. */
const EMBEDDED: Config = {
  default: "local",
  stores: {
    local: {
      driver: "file",
      datadir: "./.vitrine/local",
      createDatadir: true,
      description: "files in ./.vitrine/local",
    },
  },
};

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
    if (name === undefined) throw new UsageError("a command is needed\n\n" + overview(COMMANDS));
    if (name === "--version") return await print(`vitrine ${deno.version}\n`);
    if (["help", "--help", "-h"].includes(name)) {
      const topic = args[args.indexOf(name) + 1];
      if (topic === undefined || topic.startsWith("-")) return await print(overview(COMMANDS));
      return await print(helpOf(topic, findCommand(topic)));
    }
    return await runCommand(name, rest, isDebug);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return EXIT.brokenPipe;
    printError(error, isDebug);
    return exitCodeOf(error);
  }
}

function findCommand(name: string): Command {
  if (Object.hasOwn(COMMANDS, name)) return COMMANDS[name]!;
  throw new UsageError(`unknown command "${name}"; there are: ${Object.keys(COMMANDS).join(", ")}`);
}

async function print(text: string): Promise<number> {
  await new Output().write(new TextEncoder().encode(text));
  return EXIT.done;
}

async function runCommand(
  name: string,
  rest: readonly string[],
  isDebug: boolean,
): Promise<number> {
  const command = findCommand(name);
  const args = parseArguments(name, command, rest);
  if (args.has("help")) return await print(helpOf(name, command));
  const [least, most] = command.count;
  if (args.operands.length < least || args.operands.length > most) {
    throw new UsageError(`usage: ${usageOf(name, command)}`);
  }
  using interrupt = new Interrupt();
  const { signal } = interrupt;
  const codes: number[] = [];
  let opening: Promise<Vfs> | undefined;
  const session: Session = {
    out: new Output(signal),
    json: args.has("json"),
    commands: COMMANDS,
    signal,
    options: { signal },
    config: () => readConfig(args, session.note),
    vfs: () => opening ??= openTree(session, args.value("tenant")),
    fail(error, code = exitCodeOf(error)) {
      const isLast = error instanceof UsageError || error instanceof Deno.errors.BrokenPipe;
      if (isLast || signal.aborted) throw error;
      codes.push(code);
      printError(error, isDebug);
    },
    setExitCode: (code) => void codes.push(code),
    note: (what) => printError(what, isDebug),
  };
  try {
    await command.run(session, args);
  } catch (error) {
    if (!signal.aborted) throw error;
    printError(signal.reason, isDebug);
    return EXIT.interrupted;
  } finally {
    await (await opening?.catch(() => undefined))?.close();
  }
  return combinedExitCode(...codes, EXIT.done);
}

/** Opens the tree, and reads the caller from the environment if a store acts for its callers. */
async function openTree(session: Session, tenant: string | undefined): Promise<Vfs> {
  const config = await session.config();
  session.options.context = readCaller(tenant, hasTenants(config) ? readVariable : () => undefined);
  return new OperandTree(await openStores(config), { mounts: config.mounts });
}

function hasTenants({ stores }: Config): boolean {
  return Object.values(stores).some(({ multiTenant }) =>
    /^(true|yes|on|1)$/i.test(`${multiTenant}`)
  );
}

async function readConfig(
  args: Arguments,
  onWarning: (warning: string) => void,
): Promise<Config> {
  const [files, directories] = [args.values("glance-conf"), args.values("glance-conf-dir")];
  if (files.length + directories.length === 0) {
    return await loadConfig({ path: args.value("config"), fallback: EMBEDDED }) ?? EMBEDDED;
  }
  if (args.value("config") !== undefined) {
    throw new UsageError("--config and --glance-conf exclude each other");
  }
  const { loadGlanceConf } = await import("../config/glance_conf/mod.ts");
  return await overlayEnvironment(await loadGlanceConf({ files, directories, onWarning }));
}

function printError(error: unknown, isDebug: boolean): void {
  const text = error instanceof Error ? error.message || error.name : String(error);
  clearProgress();
  console.error(
    printable(isDebug && error instanceof Error ? Deno.inspect(error) : `vitrine: ${text}`),
  );
}
