/**
 * Runs the `vitrine` command as a user does: a process of its own, in a folder of its own.
 *
 * @module
 */
import { join } from "@std/path";

const root = new URL("../../", import.meta.url);

/** What Deno runs, behind its flags. */
export const CLI: readonly string[] = [
  "--config",
  new URL("deno.json", root).pathname,
  new URL("cli/mod.ts", root).pathname,
];

/** The arguments with which Deno runs the command. What Deno downloads is no output of the command. */
export const COMMAND: readonly string[] = [
  "run",
  "--quiet",
  "--no-prompt",
  "--allow-read",
  "--allow-write",
  "--allow-net",
  "--allow-env",
  "--allow-sys",
  ...CLI,
];

/** How a run of the command ended. */
export interface Run {
  /** Exit code. */
  code: number;
  /** Standard output. */
  out: string;
  /** Standard error. */
  err: string;
}

/** A folder to work in, with a `vitrine.json` of two file stores. */
export class Workplace implements AsyncDisposable {
  private constructor(
    /** The folder. */
    readonly folder: string,
  ) {}

  /** Makes the folder; `config` replaces the configuration, `null` leaves it out. */
  static async make(config?: unknown): Promise<Workplace> {
    const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "vitrine-cli-" }));
    const twoStores = {
      default: "local",
      stores: {
        local: { driver: "file", datadir: join(folder, "local"), description: "here" },
        mirror: { driver: "file", datadir: join(folder, "mirror"), weight: 5 },
      },
    };
    if (config === undefined) {
      for (const name of ["local", "mirror"]) await Deno.mkdir(join(folder, name));
    }
    if (config !== null) {
      await Deno.writeTextFile(join(folder, "vitrine.json"), JSON.stringify(config ?? twoStores));
    }
    return new Workplace(folder);
  }

  /** The path of a file in the folder. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** Starts the command; the caller waits for it. */
  start(args: readonly string[], options: Deno.CommandOptions = {}): Deno.ChildProcess {
    return this.#spawn(Deno.execPath(), [...COMMAND, ...args], options);
  }

  /** Starts the command on a terminal of 80 columns, with its keyboard as standard input. */
  startOnTerminal(...args: string[]): Deno.ChildProcess {
    return this.startOnColumns(80, args);
  }

  /** Starts the command on a terminal of so many columns, with its keyboard as standard input. */
  startOnColumns(columns: number, args: readonly string[]): Deno.ChildProcess {
    const words = [Deno.execPath(), ...COMMAND, ...args].map((word) => `'${word}'`);
    const line = `stty cols ${columns} rows 24 && exec ${words.join(" ")}`;
    return this.#spawn("script", ["-qefc", line, "/dev/null"], { stdin: "piped" });
  }

  #spawn(
    command: string,
    args: string[],
    options: Deno.CommandOptions,
  ): Deno.ChildProcess {
    return new Deno.Command(command, {
      args,
      cwd: this.folder,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      ...options,
    }).spawn();
  }

  /** Runs the command to its end. */
  async run(...args: string[]): Promise<Run> {
    return await this.runWith({}, ...args);
  }

  /** Runs the command to its end, with more in its environment. */
  async runWith(env: Record<string, string>, ...args: string[]): Promise<Run> {
    const child = this.start(args, { env: { NO_COLOR: "1", ...env } });
    const { code, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
  }

  /** Everything in the folder's stores, by path. */
  async files(): Promise<string[]> {
    const found: string[] = [];
    async function walk(folder: string): Promise<void> {
      for await (const entry of Deno.readDir(folder)) {
        const path = join(folder, entry.name);
        if (entry.isDirectory) await walk(path);
        else found.push(path);
      }
    }
    await walk(this.folder);
    return found.map((path) => path.slice(this.folder.length + 1)).sort();
  }

  /** Removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
