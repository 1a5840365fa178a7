/**
 * The oldest Deno that is supported, and one that is too old.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { root } from "../../tools/project.ts";
import type { CaseResult } from "./case.ts";
import { oldDeno, OLDEST_DENO, TOO_OLD_DENO } from "./runtimes/old_deno.ts";
import type { Program } from "./runtimes/node.ts";

/** Runs a module of the checkout in a Deno with a cache of its own: other versions write other caches. */
async function runIn(
  program: Program,
  module: string,
  ...args: string[]
): Promise<{ success: boolean; stdout: string; stderr: string }> {
  const cache = await Deno.makeTempDir({ prefix: "vitrine-deno-" });
  try {
    const { success, stdout, stderr } = await new Deno.Command(program.path, {
      args: ["run", "--quiet", "--allow-all", "--no-lock", module, ...args],
      cwd: fromFileUrl(root),
      env: { DENO_DIR: cache, NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { success, stdout: text(stdout), stderr: text(stderr) };
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

for (const version of [OLDEST_DENO, TOO_OLD_DENO] as const) {
  let program: Program;
  try {
    program = await oldDeno(version);
  } catch (error) {
    Deno.test.ignore(`Deno ${version} cannot be had: ${(error as Error).message}`, () => {});
    continue;
  }
  if (version === OLDEST_DENO) {
    Deno.test(`Deno ${version}: the suite passes and the file store works`, async () => {
      const suite = await runIn(program, "tests/runtimes/print_results.ts");
      assert(suite.success, suite.stderr);
      const results: CaseResult[] = JSON.parse(suite.stdout);
      assert(results.length > 20);
      assertEquals(results.filter(({ error }) => error), []);
      const folder = await Deno.makeTempDir();
      try {
        const file = await runIn(program, "tests/file/runtime.ts", folder);
        assert(file.success, file.stderr);
        assertEquals(JSON.parse(file.stdout).listed, ["a/b", "d/e"]);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    });
  } else {
    Deno.test(`Deno ${version}: the file store says which version it needs`, async () => {
      const { success, stderr } = await runIn(program, "drivers/file/mod.ts");
      assert(!success);
      assertStringIncludes(
        stderr,
        "UnsupportedBackend: Deno 2.5.6 lacks Deno.FsFile.tryLock: " +
          "Deno 2.7, Node 20.16 or Bun 1.4 is needed",
      );
    });
  }
}
