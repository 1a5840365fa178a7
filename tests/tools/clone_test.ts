/**
 * A clone as a dependency: what CONTRIBUTING says about it works, in an empty folder with an empty cache.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join, toFileUrl } from "@std/path";
import { copySources, deno, root } from "../../tools/project.ts";
import { serveRegistry, STD_FOLDERS } from "./registry.ts";

/** The links of the checkout's own `deno.json`, which a test on the real packages takes off. */
const LINKS = STD_FOLDERS.map(({ href }) => `./${href.slice(root.href.length, -1)}`);

/** Returns the `deno.json` that CONTRIBUTING shows for a program beside the clone. */
async function shownConfig(): Promise<{ imports: Record<string, string>; links: string[] }> {
  const text = await Deno.readTextFile(new URL("CONTRIBUTING.md", root));
  return JSON.parse(/## Using a clone.*?```json\n(.*?)```/s.exec(text)![1]!);
}

/**
 * Makes a clone and a program beside it with the README's first program, and runs that.
 *
 * @param links The links of the program's `deno.json`.
 * @param jsrUrl Where the registry is.
 */
async function runBesideClone(links: string[], jsrUrl: string): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "vitrine-clone-" }));
  try {
    const clone = join(folder, "vitrine");
    await copySources(clone, LINKS);
    const program = join(folder, "program");
    await Deno.mkdir(program);
    const { imports } = await shownConfig();
    await Deno.writeTextFile(join(program, "deno.json"), JSON.stringify({ imports, links }));
    const readme = await Deno.readTextFile(new URL("README.md", root));
    const text = /```ts\n(.*?)```/s.exec(readme)![1]!;
    // The command imports what the stand-ins stand in for.
    await Deno.writeTextFile(join(program, "main.ts"), `import "@vitrine/vitrine/cli";\n${text}`);

    const options = {
      cwd: toFileUrl(`${program}/`),
      env: { JSR_URL: jsrUrl, DENO_DIR: join(folder, "cache") },
    };
    const permissions = ["--no-prompt", "--allow-read", "--allow-write"];
    const run = await deno(["run", ...permissions, "main.ts"], options);
    assert(run.success, run.stderr);
    assertStringIncludes(run.stdout, "/scratch/copy.iso 18\nsmall\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("CONTRIBUTING: a program uses a clone and its stand-ins where no registry responds", async () => {
  const { links } = await shownConfig();
  assertEquals(links.slice(1), LINKS.map((link) => join("../vitrine", link)));
  // Nothing listens on this port.
  await runBesideClone(links, "http://127.0.0.1:1/");
});

Deno.test("CONTRIBUTING: where a registry responds, the link to the clone is enough", async () => {
  await using registry = await serveRegistry(STD_FOLDERS);
  const { links } = await shownConfig();
  await runBesideClone(links.slice(0, 1), registry.url);
  assert(registry.served.has("/@std/cli/1.0.0/mod.ts"));
});
