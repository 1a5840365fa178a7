/**
 * `deno task npm [FILE]`: makes the package for npm, a tarball for Node, Bun and bundlers.
 *
 * It holds what `deno pack` makes of the entry points that need no Deno: JavaScript and types, module by
 * module. No module in it imports from JSR, so that npm alone can install it.
 *
 * @module
 */
import { fromFileUrl, join, resolve, SEPARATOR, toFileUrl } from "@std/path";
import { type Config, copySources, deno, readConfig, root } from "./project.ts";

/** The entry points that need Deno. */
export const DENO_ONLY: readonly string[] = ["./cli", "./conformance", "./rbd", "./serve"];

/** The oldest Node that has all that is used: `process.getBuiltinModule` and `Response.bytes`. */
export const OLDEST_NODE = "20.16.0";

/**
 * Makes the package for npm.
 *
 * @param file The path of the tarball.
 * @throws {Error} If Deno cannot pack it, or if a module imports what npm does not have.
 */
export async function packForNpm(file: string): Promise<void> {
  const { links = [] } = await readConfig();
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "vitrine-npm-" }));
  try {
    const checkout = join(folder, "checkout");
    await copySources(checkout, links.map((link) => join("..", link)));
    await Deno.rename(join(checkout, "offline"), join(folder, "offline"));
    await leaveOutDenoOnly(join(checkout, "deno.json"));
    const packed = join(folder, "packed.tgz");
    const { success, stdout, stderr } = await deno([
      "pack",
      "--no-source-maps",
      `--output=${packed}`,
    ], {
      cwd: toFileUrl(checkout + SEPARATOR),
    });
    if (!success) throw new Error(`deno pack failed: ${stdout}${stderr}`);
    await tar("-xzf", packed, "-C", folder);
    await removeSources(join(folder, "package"));
    await finish(join(folder, "package"));
    await tar("-czf", resolve(file), "-C", folder, "package");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function leaveOutDenoOnly(file: string): Promise<void> {
  const config: Config = JSON.parse(await Deno.readTextFile(file));
  const entries = Object.entries(config.exports).filter(([name]) => !DENO_ONLY.includes(name));
  const exports = Object.fromEntries(entries);
  await Deno.writeTextFile(file, JSON.stringify({ ...config, exports }));
}

/** Removes the modules that are only part of the entry points left out: these are not compiled. */
async function removeSources(folder: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) await removeSources(path);
    else if (name.endsWith(".ts") && !name.endsWith(".d.ts")) await Deno.remove(path);
  }
}

/** Says in package.json what `deno pack` leaves out, and pins the dependencies as deno.json does. */
async function finish(folder: string): Promise<void> {
  const file = join(folder, "package.json");
  const manifest = JSON.parse(await Deno.readTextFile(file));
  const { imports } = await readConfig();
  for (const name of Object.keys(manifest.dependencies)) {
    const target = imports[name];
    if (target === undefined) throw new Error(`${name} is imported, which npm does not have`);
    manifest.dependencies[name] = target.slice(target.lastIndexOf("@") + 1);
  }
  manifest.engines = { node: `>=${OLDEST_NODE}` };
  manifest.sideEffects = false;
  await Deno.writeTextFile(file, JSON.stringify(manifest, null, 2));
}

async function tar(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("tar", { args }).output();
  if (!success) throw new Error(`tar failed: ${new TextDecoder().decode(stderr)}`);
}

if (import.meta.main) {
  const file = Deno.args[0] ?? fromFileUrl(new URL("vitrine.tgz", root));
  await packForNpm(file);
  console.log(file);
}
