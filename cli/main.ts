/**
 * From arguments to an exit code: commands, global options, interrupts, errors in one line.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import deno from "../deno.json" with { type: "json" };
import { type Config, loadConfig, openStores } from "../config/mod.ts";
import { overlayEnvironment, processEnvironment } from "../config/environment.ts";
import type { Vfs } from "../vfs/mod.ts";
import { callerOf } from "./caller.ts";
import { type Arguments, type Command, Misuse, type Session } from "./command.ts";
import { acl } from "./commands/acl.ts";
import { add } from "./commands/add.ts";
import { cat } from "./commands/cat.ts";
import { config } from "./commands/config.ts";
import { cp, mv } from "./commands/copy.ts";
import { gc } from "./commands/gc.ts";
import { ls, tree } from "./commands/list.ts";
import { rm } from "./commands/remove.ts";
import { serve } from "./commands/serve.ts";
import { stat } from "./commands/stat.ts";
import { stores } from "./commands/stores.ts";
import { verify } from "./commands/verify.ts";
import { EXIT } from "./exit.ts";
import { helpOf, overview } from "./help.ts";
import { Interrupt } from "./interrupt.ts";
import { Output, printable } from "./output.ts";
import { OperandTree } from "./tree.ts";

const COMMANDS: Readonly<Record<string, Command>> = {
  stores,
  ls,
  tree,
  stat,
  cat,
  add,
  cp,
  mv,
  rm,
  verify,
  acl,
  serve,
  gc,
  config,
};

/** What is there without any configuration: a file store beside the work. */
const EMBEDDED: Config = {
  default: "local",
  stores: {
    local: {
      driver: "file",
      datadir: "./.vitrine/local",
      description: "files in ./.vitrine/local",
    },
  },
};

/** The options of every command: flags, those with a value, and of these what may be repeated. */
const COMMON = {
  boolean: ["json", "debug", "help"],
  string: ["config", "tenant", "glance-conf", "glance-conf-dir"],
  collect: ["glance-conf", "glance-conf-dir"],
};

/**
 * Runs the command line and resolves to its exit code: 0, 1 for what failed, 2 for a wrong command
 * line, 130 for an interrupt, 141 where nobody reads the output any more. A second interrupt ends the
 * process.
 *
 * @example Running a command from code
 * ```ts
 * import { main } from "@vitrine/vitrine/cli";
 *
 * async function list() {
 *   return await main(["ls", "/"]);
 * }
 * ```
 */
export async function main(args: readonly string[]): Promise<number> {
  const debug = args.includes("--debug");
  try {
    const [name, ...rest] = commandFirst(args);
    if (name === undefined) throw new Misuse("a command is needed\n\n" + overview(COMMANDS));
    if (name === "--version") return await say(`vitrine ${deno.version}\n`);
    if (["help", "--help", "-h"].includes(name)) {
      const topic = args[args.indexOf(name) + 1];
      const isTopic = topic !== undefined && !topic.startsWith("-");
      return await say(isTopic ? helpOf(commandOf(topic)) : overview(COMMANDS));
    }
    return await runCommand(commandOf(name), rest, debug);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return EXIT.brokenPipe;
    complain(error, debug);
    return error instanceof Misuse ? EXIT.misused : EXIT.failed;
  }
}

function commandOf(name: string): Command {
  if (Object.hasOwn(COMMANDS, name)) return COMMANDS[name]!;
  throw new Misuse(`unknown command "${name}"; there are: ${Object.keys(COMMANDS).join(", ")}`);
}

async function say(text: string): Promise<number> {
  await new Output().write(new TextEncoder().encode(text));
  return EXIT.done;
}

/** What stands in a command's place. */
const INSTEAD = ["--help", "-h", "--version"];

/** Options of every command may stand before it: they go behind it. */
function commandFirst(args: readonly string[]): string[] {
  let count = 0;
  for (let arg; (arg = args[count])?.startsWith("-") && !INSTEAD.includes(arg); count++) {
    const name = arg.slice(2).replace(/=.*/s, "");
    const isValued = COMMON.string.includes(name);
    if (!arg.startsWith("--") || !(isValued || COMMON.boolean.includes(arg.slice(2)))) {
      throw new Misuse(`unknown option ${arg}; a command's own come after the command`);
    }
    if (isValued && !arg.includes("=")) count++;
  }
  const [command, ...rest] = args.slice(count);
  return command === undefined ? [] : [command, ...args.slice(0, count), ...rest];
}

async function runCommand(
  command: Command,
  rest: readonly string[],
  debug: boolean,
): Promise<number> {
  const args = readArguments(command, rest);
  if (args.has("help")) return await say(helpOf(command));
  const [least, most] = command.operands;
  if (args.operands.length < least || args.operands.length > most) {
    throw new Misuse(`usage: vitrine ${command.usage}`);
  }
  using interrupt = new Interrupt();
  let code: number = EXIT.done;
  let opened: Promise<Vfs> | undefined;
  const session: Session = {
    out: new Output(),
    json: args.has("json"),
    signal: interrupt.signal,
    context: callerOf((await processEnvironment()).env, args.value("tenant")),
    config: () => readConfig(args),
    vfs: () => opened ??= openTree(session),
    fail(error) {
      const ends = error instanceof Misuse || error instanceof Deno.errors.BrokenPipe;
      if (ends || interrupt.signal.aborted) throw error;
      code = EXIT.failed;
      complain(error, debug);
    },
    note: (what) => complain(what, debug),
  };
  try {
    await command.run(session, args);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    complain(interrupt.signal.reason, debug);
    code = EXIT.interrupted;
  } finally {
    await (await opened?.catch(() => undefined))?.close();
  }
  return code;
}

async function openTree(session: Session): Promise<Vfs> {
  const config = await session.config();
  return new OperandTree(await openStores(config), { mounts: config.mounts });
}

async function readConfig(args: Arguments): Promise<Config> {
  const [files, directories] = [args.values("glance-conf"), args.values("glance-conf-dir")];
  if (files.length + directories.length === 0) {
    return await loadConfig({ path: args.value("config"), fallback: EMBEDDED }) ?? EMBEDDED;
  }
  if (args.value("config") !== undefined) {
    throw new Misuse("--config and --glance-conf exclude each other");
  }
  const { loadGlanceConf } = await import("../config/glance_conf/mod.ts");
  const config = await loadGlanceConf({ files, directories });
  return overlayEnvironment(config, (await processEnvironment()).env);
}

function readArguments(command: Command, args: readonly string[]): Arguments {
  const { flags = [], strings = [], collect = [], alias = {} } = command;
  const unknown: string[] = [];
  const valued = [...COMMON.string, ...strings, ...collect];
  const parsed: Record<string, unknown> & { _: unknown[] } = parseArgs(joined(args, valued), {
    boolean: [...COMMON.boolean, ...flags],
    string: [...valued, "_"],
    collect: [...COMMON.collect, ...collect],
    alias: { h: "help", ...alias },
    "--": true,
    unknown: (arg) => {
      // A lone dash is standard input or output.
      if (arg.startsWith("-") && arg !== "-") unknown.push(arg);
    },
  });
  if (unknown.length > 0) {
    throw new Misuse(`unknown option ${unknown[0]}; usage: vitrine ${command.usage}`);
  }
  for (const name of valued) {
    if ([parsed[name]].flat().includes("")) throw new Misuse(`--${name} needs a value`);
  }
  return {
    operands: [...parsed._, ...(parsed["--"] as string[])].map(String),
    has: (name) => parsed[name] === true,
    value: (name) => parsed[name] as string | undefined,
    values: (name) => parsed[name] as string[],
  };
}

/** Gives an option the argument after it, also one with a dash first: `--range -2`. */
function joined(args: readonly string[], valued: readonly string[]): string[] {
  const result: string[] = [];
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  for (let i = 0; i < args.length; i++) {
    const takes = i + 1 < end && valued.some((name) => args[i] === `--${name}`);
    result.push(takes ? `${args[i]}=${args[++i]}` : args[i]!);
  }
  return result;
}

function complain(error: unknown, debug: boolean): void {
  const text = error instanceof Error ? error.message || error.name : String(error);
  const shown = debug && error instanceof Error ? Deno.inspect(error) : `vitrine: ${text}`;
  console.error(printable(shown));
}
