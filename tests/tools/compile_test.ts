/**
 * `deno compile` of the command and of a small program.
 *
 * What compiling makes is a program of Deno's own, the base binary, with the modules behind it. Deno
 * downloads the base binary from its own site. Where that is out of reach, this very Deno stands in for
 * it: what was embedded can be seen, but not run.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { deno, readConfig, root, sourceFiles } from "../../tools/project.ts";

/** Why the base binary cannot be had; `undefined` if it can. */
const missing = await reasonNotToRun();

async function reasonNotToRun(): Promise<string | undefined> {
  const folder = await Deno.makeTempDir({ prefix: "vitrine-compile-" });
  try {
    const module = join(folder, "empty.ts");
    await Deno.writeTextFile(module, "export {};");
    const { success, stderr } = await deno(["compile", "-o", join(folder, "empty"), module]);
    if (success) return undefined;
    if (!stderr.includes("base binary")) throw new Error(stderr);
    return /denort-\S+\.zip/.exec(stderr)?.[0] ?? "denort";
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Compiles a module of the checkout, or of `folder`, and calls `test` with the path of the program. */
async function withProgram(
  module: string,
  flags: string[],
  test: (program: string, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "vitrine-compile-" });
  try {
    const program = join(folder, "program");
    const config = new URL("deno.json", root).pathname;
    const args = ["compile", "--config", config, "--no-check", ...flags, "-o", program, module];
    const env = missing === undefined ? {} : { DENORT_BIN: Deno.execPath() };
    const { success, stderr } = await deno(args, { env });
    assert(success, stderr);
    await test(program, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Returns the names of the classes that a file declares, also where it is a program. */
async function classesIn(path: string): Promise<Set<string>> {
  const { stdout } = await new Deno.Command("grep", {
    args: ["-aoE", "^export class [A-Za-z0-9]+", path],
  }).output();
  return new Set(new TextDecoder().decode(stdout).split("\n").filter(Boolean));
}

async function run(program: string, ...args: string[]): Promise<string> {
  const options = { args, stdin: "null" as const, env: { NO_COLOR: "1" } };
  const { success, stdout, stderr } = await new Deno.Command(program, options).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** A test that runs what was compiled: it needs the base binary, which no package of npm or Debian has. */
function runTest(name: string, fn: () => Promise<void>): void {
  const why = missing === undefined ? "" : ` [not on this machine: ${missing} is out of reach]`;
  Deno.test({ name: name + why, ignore: missing !== undefined, fn });
}

Deno.test("deno compile: the command holds every driver, also those that it loads late", async () => {
  await withProgram("cli/mod.ts", ["--allow-all"], async (program) => {
    const embedded = await classesIn(program);
    const declared = new Set<string>();
    for await (const path of sourceFiles("drivers/")) {
      for (const name of await classesIn(new URL(path, root).pathname)) declared.add(name);
    }
    assert(declared.size > 30);
    assertEquals([...declared.difference(embedded)], []);
  });
});

const PROGRAM = ["--allow-read", "--allow-write"];

/** Writes the README's first program to a file and calls `test` with its path. */
async function withReadme(test: (module: string) => Promise<void>): Promise<void> {
  const module = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const readme = await Deno.readTextFile(new URL("README.md", root));
    await Deno.writeTextFile(module, /```ts\n(.*?)```/s.exec(readme)![1]!);
    await test(module);
  } finally {
    await Deno.remove(module);
  }
}

Deno.test("deno compile: a small program holds the drivers that it imports", async () => {
  await withReadme((module) =>
    withProgram(module, PROGRAM, async (program) => {
      const embedded = await classesIn(program);
      for (const name of ["FileDriver", "MemoryDriver", "Vfs"]) {
        assert(embedded.has(`export class ${name}`), name);
      }
    })
  );
});

runTest(
  "deno compile: the README's first program runs",
  () =>
    withReadme((module) =>
      withProgram(module, PROGRAM, async (program) => {
        assertStringIncludes(await run(program), "/scratch/copy.iso 18\nsmall\n");
      })
    ),
);

runTest("deno compile: the command adds and reads", async () => {
  const { version } = await readConfig() as unknown as { version: string };
  await withProgram("cli/mod.ts", ["--allow-all"], async (program, folder) => {
    assertEquals(await run(program, "--version"), `vitrine ${version}\n`);
    const config = join(folder, "vitrine.json");
    const stores = { local: { driver: "file", datadir: folder } };
    await Deno.writeTextFile(config, JSON.stringify({ stores }));
    const image = join(folder, "tiny.iso");
    await Deno.writeTextFile(image, "a very small image");
    await run(program, "--config", config, "cp", image, "/local/copy.iso");
    assertEquals(
      await run(program, "--config", config, "cat", "/local/copy.iso"),
      "a very small image",
    );
  });
});
