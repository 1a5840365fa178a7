/**
 * Runs the services' programs: to the end, or as daemons that outlive this process and are found again by
 * the `pids` file of their state directory.
 *
 * @module
 */

import { program } from "./service.ts";
import { readState } from "./state.ts";

/** What the programs see: nothing of the caller's proxies, locale or other Python. */
const ENVIRONMENT = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8", HOME: "/" };

/** Runs a program to its end and resolves to its output; a failure holds what it said. */
export async function run(
  name: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program(name) ?? name, {
    args,
    env: { ...ENVIRONMENT, ...env },
    clearEnv: true,
    stdin: "null",
  }).output();
  const out = new TextDecoder().decode(stdout);
  if (!success) {
    const said = new TextDecoder().decode(stderr) + out;
    throw new Error(`${name} ${args[0] ?? ""} failed: ${lastLines(said, 5)}`);
  }
  return out;
}

/** Starts a daemon that logs to `<name>.log` in the state directory; returns its process id. */
export function daemon(
  directory: string,
  name: string,
  args: string[],
  env: Record<string, string> = {},
): number {
  // The shell notes itself before it becomes the daemon, so that no daemon is ever unrecorded. A session of
  // its own keeps it from a terminal's Ctrl-C and makes it and its children one process group.
  const note = `echo "$$ $(cut -d' ' -f22 /proc/$$/stat) \${0##*/}" >>"$DIRECTORY/pids" &&
    exec "$0" "$@" >>"$LOG" 2>&1`;
  const log = `${directory}/${name}.log`;
  const child = new Deno.Command("/usr/bin/setsid", {
    args: ["/bin/sh", "-c", note, program(name) ?? name, ...args],
    env: { ...ENVIRONMENT, DIRECTORY: directory, LOG: log, ...env },
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  child.unref();
  return child.pid;
}

/** Waits until `check` holds: fails when a daemon of the directory dies or after 60 seconds. */
export async function until(
  what: string,
  directory: string,
  check: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!await check()) {
    const dead = daemons(directory).find((daemon) => !isAlive(daemon));
    if (dead !== undefined || Date.now() > deadline) {
      throw new Error(
        `waited for ${what}: ${dead ? `${dead.name} died` : "nothing in 60 s"}\n${logs(directory)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Whether a GET of the URL responds with one of the 2xx. */
export async function responds(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** Whether every daemon of the state directory lives. */
export function allAlive(directory: string): boolean {
  return daemons(directory).every(isAlive);
}

/** Kills the daemons of a state directory with their children and waits until they are gone. */
export async function killAll(directory: string): Promise<void> {
  // Their state goes with them, so nothing is lost by not asking them first.
  const running = daemons(directory).filter(isAlive);
  for (const { pid } of running) Deno.kill(-pid, "SIGKILL");
  const deadline = Date.now() + 10_000;
  for (const daemon of running) {
    while (isAlive(daemon)) {
      if (Date.now() > deadline) {
        throw new Error(`${daemon.name} (process ${daemon.pid}) survived SIGKILL`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

interface Daemon {
  pid: number;
  /** When it started, in the kernel's ticks since boot: ids are used again. */
  started: string;
  name: string;
}

function daemons(directory: string): Daemon[] {
  return (readState(directory, "pids") ?? "").trim().split("\n").filter(Boolean).map((line) => {
    const [pid, started, name] = line.split(" ");
    return { pid: Number(pid), started: started!, name: name! };
  });
}

function isAlive({ pid, started }: Daemon): boolean {
  // From the third field of proc(5) on: a zombie's state is Z, and until it has one thread left it still works.
  const fields = readState(`/proc/${pid}`, "stat")?.replace(/^.*\) /s, "").split(" ");
  if (fields?.[19] !== started) return false;
  return fields[0] !== "Z" || Number(fields[17]) > 1;
}

function logs(directory: string): string {
  return [...Deno.readDirSync(directory)].filter(({ name }) => name.endsWith(".log")).map(
    ({ name }) => `--- ${name}\n${lastLines(readState(directory, name)!, 10)}`,
  ).join("\n");
}

function lastLines(text: string, count: number): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}
