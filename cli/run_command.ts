/**
 * Runs a command that has been parsed, in a session with its configuration and path tree.
 *
 * @module
 */
import { overlayEnvironment } from "../config/environment.ts";
import { type Config, loadConfig, openStores } from "../config/mod.ts";
import { readVariable } from "../runtime/environment.ts";
import { StoreResumeNotSupported } from "../errors/mod.ts";
import type { Vfs } from "../vfs/mod.ts";
import { readCaller } from "./caller.ts";
import {
  type Arguments,
  combinedExitCode,
  type Command,
  EXIT,
  exitCodeOf,
  hasJsonProgress,
  type Session,
  UsageError,
} from "./command.ts";
import { loadCommands } from "./commands/mod.ts";
import { Interrupt } from "./interrupt.ts";
import { Output } from "./output.ts";
import { printError } from "./print_error.ts";
import { setJsonProgress } from "./progress.ts";
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
 * Runs a command. The first INT, TERM or HUP signal aborts it, and it cleans up; a second one ends the
 * process.
 *
 * @param command The command.
 * @param args Its operands and options.
 * @param isDebug Whether errors are printed with their stack traces.
 * @returns The exit code, one of {@linkcode EXIT}.
 * @throws {unknown} What the command failed with, if it could not go on.
 */
export async function runCommand(
  command: Command,
  args: Arguments,
  isDebug: boolean,
): Promise<number> {
  setJsonProgress(hasJsonProgress(args));
  using interrupt = new Interrupt();
  const { signal } = interrupt;
  const codes: number[] = [];
  let isKept = false;
  let opening: Promise<Vfs> | undefined;
  const session: Session = {
    out: new Output(signal),
    json: args.has("json"),
    commands: loadCommands,
    signal,
    options: { signal },
    config: () => readConfig(args, session.note),
    vfs: () => opening ??= openTree(session, args.value("tenant")),
    fail(error, code = exitCodeOf(error)) {
      const isLast = error instanceof UsageError || error instanceof Deno.errors.BrokenPipe;
      if (isLast || signal.aborted) throw error;
      isKept ||= mayBeKept(args, error);
      codes.push(code);
      printError(error, isDebug);
    },
    setExitCode: (code) => void codes.push(code),
    note: (what) => printError(what, isDebug),
  };
  try {
    await command.run(session, args);
  } catch (error) {
    isKept ||= mayBeKept(args, error);
    if (!signal.aborted) throw error;
    printError(signal.reason, isDebug);
    return EXIT.interrupted;
  } finally {
    if (isKept) session.note("what was sent is kept: --resume goes on there, gc removes it");
    await (await opening?.catch(() => undefined))?.close();
  }
  return combinedExitCode(...codes, EXIT.done);
}

/** Returns whether an upload that failed may have left parts to go on from. */
function mayBeKept(args: Arguments, error: unknown): boolean {
  return args.has("resume") &&
    !(error instanceof UsageError || error instanceof StoreResumeNotSupported);
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
