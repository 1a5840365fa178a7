/**
 * Cloudflare's workerd as npm has it.
 *
 * @module
 */
import type { Runtime } from "./runtime.ts";

/** A workerd that serves. */
export interface Workerd extends AsyncDisposable {
  /** The URL of its socket `http`, ending with a slash. */
  readonly url: string;
  /** Its process id. */
  readonly pid: number;
}

/** Serves what a configuration file says, its socket `http` on a free port. */
export async function serveWorkerd(
  config: string,
  env: Record<string, string> = {},
): Promise<Workerd> {
  const child = new Deno.Command(await program(), {
    args: ["serve", "--control-fd=1", "--socket-addr=http=127.0.0.1:0", config],
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let said = "";
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  while (!said.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) throw new Error("workerd did not start");
    said += value;
  }
  const { port } = JSON.parse(said) as { port: number };
  return {
    url: `http://127.0.0.1:${port}/`,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill();
      await reader.cancel();
      await child.status;
    },
  };
}

/** Loads workerd's package, which is named here alone: users need not download it. */
function load() {
  // deno-lint-ignore no-import-prefix
  return import("npm:workerd@1.20261019.1");
}

/** The path of workerd's program, which its package, of CommonJS, exports as `default`. */
async function program(): Promise<string> {
  const { default: exports } = await load();
  return (exports as unknown as { default: string }).default;
}

/** A worker that runs the suite when it is asked to. */
export async function workerd(): Promise<Runtime> {
  const { version } = await load();
  await program();
  return {
    name: `workerd ${version}`,
    async run(directory, env) {
      const config = `${directory}/config.capnp`;
      await Deno.writeTextFile(config, configure(directory));
      await using worker = await serveWorkerd(config);
      const body = JSON.stringify(env);
      return await (await fetch(worker.url, { method: "POST", body })).json();
    },
  };
}

/** Without `nodejs_compat`: Web standards are all there is. */
function configure(directory: string): string {
  const modules = [...Deno.readDirSync(directory)].map(({ name }) => name)
    .sort((a, b) => +(b === "worker.js") - +(a === "worker.js"))
    .map((name) => `(name = "${name}", esModule = embed "${name}"),`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [${modules.join("\n")}],
      compatibilityDate = "2026-06-01",
    )),
    (name = "internet", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "*:0", http = (), service = "main")],
);
`;
}
