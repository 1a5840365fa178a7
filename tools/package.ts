/**
 * The gates that judge the package as its users get it: what is published, and what importing it
 * asks of a machine.
 *
 * @module
 */
import { fromFileUrl, join, SEPARATOR, toFileUrl } from "@std/path";
import { type Config, copySources, deno, root } from "./project.ts";

/** What a published file's path may not begin with: what only the project itself needs. */
const NOT_FOR_USERS = /^(?:tests\/|bench\/|offline\/|tools\/|examples\/|\.)/;

/**
 * Whether the package can be published: slow types, stray files and warnings are refused. In a copy, with the
 * stand-ins of `@std` beside the package: publish refuses imports of files that it leaves out.
 */
export async function publishComplaints({ links = [] }: Config): Promise<string[]> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "vitrine-publish-" }));
  try {
    const cwd = toFileUrl(join(folder, "package", SEPARATOR));
    await copySources(fromFileUrl(cwd), links.map((link) => join("..", link)));
    await Deno.rename(join(folder, "package/offline"), join(folder, "offline"));
    const { success, stdout, stderr } = await deno(["publish", "--dry-run"], { cwd });
    if (!success) return [stdout + stderr];
    const published = [...(stdout + stderr).matchAll(/^\s+(file:\/\/\S+) \(/gm)]
      .map(([, url = ""]) => decodeURI(url.slice(cwd.href.length)));
    if (published.length === 0) return ["publish --dry-run lists no file"];
    const warnings = (stdout + stderr).match(/^.*warning.*\n.*/gim) ?? [];
    const stray = published.filter((path) => NOT_FOR_USERS.test(path) || path.endsWith("_test.ts"))
      .map((path) => `${path}: would be published, but no user needs it`);
    return [...warnings, ...stray];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What type-checking finds in a copy under Deno's own settings: users need not have the project's. */
export async function userTypesComplaints({ exports, links }: Config): Promise<string[]> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "vitrine-types-" }));
  try {
    await copySources(folder, links);
    const file = join(folder, "deno.json");
    const { compilerOptions: _, ...config } = JSON.parse(await Deno.readTextFile(file));
    await Deno.writeTextFile(file, JSON.stringify(config));
    const cwd = toFileUrl(join(folder, SEPARATOR));
    const args = ["check", "--quiet", ...Object.values(exports)];
    const { success, stdout, stderr } = await deno(args, { cwd });
    return success ? [] : [stdout + stderr];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * What importing each export under no permission at all asks for, prints, or leaves behind. Deno notes the
 * permission `import` for each package of a JSR registry, which it has without being asked for it: that is
 * no complaint.
 */
export async function aloneComplaints(config: Config): Promise<string[]> {
  const complaints: string[] = [];
  const audit = await Deno.makeTempFile();
  try {
    for (const [name, module] of Object.entries(config.exports)) {
      await Deno.truncate(audit);
      const { success, stdout, stderr } = await deno(
        ["run", "--quiet", "--no-prompt", "-"],
        { input: importAlone(module), env: { DENO_AUDIT_PERMISSIONS: audit } },
      );
      const noted = (await Deno.readTextFile(audit)).split("\n");
      const said = stdout + stderr + noted.filter((line) => !isRegistry(line)).join("\n");
      if (!success || said !== "") complaints.push(`${config.name}, "${name}": ${said}`);
    }
  } finally {
    await Deno.remove(audit);
  }
  return complaints;
}

/** Whether a line of Deno's audit is about importing a module from the JSR registry. */
function isRegistry(line: string): boolean {
  if (line === "") return false;
  const { permission, value } = JSON.parse(line) as { permission: string; value: string };
  const { host, protocol } = new URL(Deno.env.get("JSR_URL") ?? "https://jsr.io/");
  const port = protocol === "https:" ? 443 : 80;
  return permission === "import" && (value === host || value === `${host}:${port}`);
}

/** A script that imports a module where asking for a permission throws and globals are counted. */
function importAlone(module: string): string {
  return `
    for (const name of ["query", "querySync", "request", "requestSync"]) {
      Deno.permissions[name] = () => { throw new Error("Deno.permissions." + name + " was called"); };
    }
    // Deno adds a global of its own when a built-in module is first taken.
    process.getBuiltinModule("node:os");
    const before = new Set(Reflect.ownKeys(globalThis));
    await import(${JSON.stringify(module)});
    for (const key of Reflect.ownKeys(globalThis)) {
      if (!before.has(key)) console.log("global " + String(key) + " was added");
    }`;
}

/** Exports that are for Deno alone. Bundlers for browsers must not fail on what the others import. */
const FOR_DENO = /^\.\/(?:cli|conformance)$/;

/**
 * Finds imports of a runtime's own modules, `import()` included, in all that a portable export can load.
 * `builtin` of `runtime/mod.ts` finds such modules without an import.
 */
export async function runtimeComplaints(config: Config): Promise<string[]> {
  const complaints: string[] = [];
  for (const [name, module] of Object.entries(config.exports)) {
    if (FOR_DENO.test(name)) continue;
    const { success, stdout, stderr } = await deno(["info", "--json", module]);
    if (!success) return [stderr];
    const graph: ModuleGraph = JSON.parse(stdout);
    const modules = new Map(graph.modules.map((module) => [module.specifier, module]));
    const seen = new Set<string>(graph.roots);
    for (const specifier of seen) {
      // What stands in for a package offline is not what users get.
      if (config.links?.some((link) => specifier.startsWith(new URL(link, root).href))) continue;
      const { error, dependencies = [] } = modules.get(specifier) ?? {};
      if (error) complaints.push(`${config.name}, "${name}": ${error}`);
      for (const dependency of dependencies) {
        const target = dependency.code?.specifier;
        if (!target) continue;
        if (target.startsWith("node:")) {
          complaints.push(`${config.name}, "${name}": ${specifier} imports ${target}`);
        }
        seen.add(target);
      }
    }
  }
  return complaints;
}

/** The part of `deno info --json` that is read here. */
interface ModuleGraph {
  roots: string[];
  modules: {
    specifier: string;
    error?: string;
    dependencies?: { code?: { specifier: string } }[];
  }[];
}
