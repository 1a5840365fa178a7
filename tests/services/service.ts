/**
 * What a test service is: the Debian packages it needs and how it starts in a directory of its own.
 * Stopping is the same for all and lives in `lifecycle.ts`.
 *
 * @module
 */

/** Where a running service listens: a plain JSON object, other for each service. */
// deno-lint-ignore no-explicit-any -- tests read the fields that the service's file documents
export type Endpoints = Record<string, any>;

/** A service that tests can ask for. */
export interface Service {
  /** Its name on the command line and in `[needs <name>]`. */
  name: string;
  /** Debian packages to install. */
  packages: string[];
  /** Names of services that run before it. */
  needs?: string[];
  /** Installs what it needs beside the packages, which are installed already. */
  install?(): Promise<void>;
  /** Whether what it runs is on this machine. */
  installed(): boolean | Promise<boolean>;
  /** Starts it in the empty directory `dir` and resolves once it responds. */
  start(dir: string): Promise<Endpoints>;
  /** Whether it still responds, asked of one whose processes are all alive. */
  healthy?(endpoints: Endpoints): Promise<boolean>;
}

const PROGRAM_DIRECTORIES = ["/usr/bin", "/usr/sbin"];

/** The path of a Debian package's program; anything else on PATH may be another build. */
export function program(name: string): string | undefined {
  for (const directory of PROGRAM_DIRECTORIES) {
    try {
      if (Deno.statSync(`${directory}/${name}`).isFile) return `${directory}/${name}`;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** Whether all programs are on this machine. */
export function hasPrograms(...names: string[]): boolean {
  return names.every((name) => program(name) !== undefined);
}
