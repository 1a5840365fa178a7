/**
 * `deno task test:std`: the tests, run on the real `@std` packages from JSR, or from the registry
 * that `JSR_URL` names, instead of the stand-ins under `offline/std/`.
 *
 * The checkout is copied without the `links` of its deno.json and tested there, so that programs
 * which the tests start get the real packages as well. Where no registry responds, one line says so
 * and the exit code is 0, or 1 with `--required`. Other arguments are `deno task test`'s.
 *
 * @module
 */
import { copySources } from "./project.ts";

/** How long a registry may take to respond, in milliseconds. */
const PATIENCE = 10_000;

/** Why the registry cannot be used; `undefined` if it can. */
async function unreachable(registry: string): Promise<string | undefined> {
  try {
    const response = await fetch(new URL("@std/assert/meta.json", registry), {
      signal: AbortSignal.timeout(PATIENCE),
    });
    await response.body?.cancel();
    return response.ok ? undefined : `it responds with status ${response.status}`;
  } catch (error) {
    return (error as Error).message;
  }
}

const required = Deno.args.includes("--required");
const registry = Deno.env.get("JSR_URL") ?? "https://jsr.io/";
const reason = await unreachable(registry);
if (reason) {
  console.log(`test:std: not run, ${registry} cannot be used: ${reason}`);
  Deno.exit(required ? 1 : 0);
}
const folder = await Deno.makeTempDir({ prefix: "vitrine-std-" });
try {
  await copySources(folder);
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "test", ...Deno.args.filter((arg) => arg !== "--required")],
    cwd: folder,
  }).spawn().status;
  Deno.exitCode = code;
} finally {
  await Deno.remove(folder, { recursive: true });
}
