/**
 * Where services keep their state: one directory a service, which holds its files and logs, `pids` (one line
 * a process: its id, when it started, its name) and, once it responds, `endpoints.json`.
 *
 * @module
 */

import type { Endpoints } from "./service.ts";

/** The directory of all services' state. */
export function stateRoot(): string {
  return Deno.env.get("VITRINE_SERVICES_DIR") ??
    `${Deno.env.get("TMPDIR") ?? "/tmp"}/vitrine-services-${Deno.uid()}`;
}

/** The state directory of the service of that name. */
export function stateDirectory(name: string): string {
  return `${stateRoot()}/${name}`;
}

/** Creates a state directory. */
export async function createState(directory: string): Promise<void> {
  await Deno.mkdir(directory, { mode: 0o700 });
  await Deno.writeTextFile(`${directory}/pids`, "");
}

/** Whether the directory is a service's: others may lie beside them. */
export function isState(directory: string): boolean {
  return readState(directory, "pids") !== undefined;
}

/** Names of all services that have a state directory, running or half started. */
export function withState(): string[] {
  try {
    const directories = [...Deno.readDirSync(stateRoot())].filter((entry) => entry.isDirectory);
    return directories.map(({ name }) => name).filter((name) => isState(stateDirectory(name)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Reads a state file; undefined when there is none. */
export function readState(directory: string, file: string): string | undefined {
  try {
    return Deno.readTextFileSync(`${directory}/${file}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Notes where a service listens, whole or not at all. */
export function writeEndpoints(directory: string, endpoints: Endpoints): void {
  Deno.writeTextFileSync(`${directory}/endpoints.tmp`, JSON.stringify(endpoints, null, 2) + "\n");
  Deno.renameSync(`${directory}/endpoints.tmp`, `${directory}/endpoints.json`);
}

/** Runs `work` while no other process starts or stops services here. */
export async function exclusively<T>(work: () => Promise<T>): Promise<T> {
  const root = stateRoot();
  while (true) {
    Deno.mkdirSync(root, { recursive: true, mode: 0o700 });
    const info = Deno.lstatSync(root);
    if (!info.isDirectory || info.uid !== Deno.uid()) {
      throw new Error(`${root} is not a directory of this user`);
    }
    using handle = await Deno.open(root);
    await handle.lock(true);
    // Who held the lock before may have removed the directory with its last service.
    const held = handle.statSync();
    const now = await Deno.lstat(root).catch(() => undefined);
    if (now?.ino !== held.ino) continue;
    try {
      return await work();
    } finally {
      // Only an empty one goes.
      await Deno.remove(root).catch(() => {});
    }
  }
}
