/**
 * `deno task test` says what it ran, what it skipped and why.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { serviceTest } from "./mod.ts";

const TESTS = `
import { serviceTest } from ${JSON.stringify(import.meta.resolve("./mod.ts"))};
Deno.test("example: passes", async (t) => {
  await t.step({ name: "skipped step", ignore: true, fn() {} });
});
serviceTest("example: wants much", ["nginx", "nonesuch"], () => {});
`;

async function runTests(tests: Record<string, string>, ...args: string[]) {
  const directory = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(tests)) {
      await Deno.writeTextFile(`${directory}/${name}`, text);
    }
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["task", "test", directory, ...args],
      cwd: new URL("../..", import.meta.url).pathname,
      env: { NO_COLOR: "1", CI: "" },
      stderr: "null",
    }).output();
    return { code, lines: new TextDecoder().decode(stdout).trimEnd().split("\n") };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

serviceTest("deno task test: names what it skipped and counts last", "nginx", async () => {
  const { code, lines } = await runTests({ "some_test.ts": TESTS });
  assertEquals(lines.slice(-3), [
    "skipped: skipped step",
    "skipped: example: wants much [needs nginx, nonesuch]: nonesuch is not installed",
    "1 passed, 0 failed, 2 skipped",
  ]);
  assertEquals(code, 0);
});

serviceTest("deno task test: --no-skips fails on a skipped test", "nginx", async () => {
  assertEquals((await runTests({ "some_test.ts": TESTS }, "--no-skips")).code, 1);
  const { code, lines } = await runTests(
    { "some_test.ts": TESTS },
    "--no-skips",
    "--filter=/^none/",
  );
  assertEquals([code, lines.at(-1)], [0, "0 passed, 0 failed, 0 skipped"]);
});

serviceTest(
  "deno task test: fails on what fails: a test, a module, an example, a type",
  "nginx",
  async () => {
    const { code, lines } = await runTests({
      "some_test.ts": TESTS + `Deno.test("example: fails", () => { throw new Error(); });`,
      "broken_test.ts": `throw new Error();`,
      "example.ts": "/**\n * ```ts\n * throw new Error();\n * ```\n */\nexport const a = 1;\n",
    });
    assertEquals([code, lines.at(-1)], [1, "1 passed, 3 failed, 2 skipped"]);

    const mistyped = await runTests({ "some_test.ts": `export const a: number = "";` });
    assertEquals([mistyped.code, mistyped.lines.at(-1)], [1, "0 passed, 1 failed, 0 skipped"]);
    assertStringIncludes(lines.join("\n"), "nginx: runs already");
  },
);

serviceTest(
  "deno task test: what no package has is excluded, and is no skipped test",
  "nginx",
  async () => {
    const test = `Deno.test.ignore("runs [not on this machine: x.zip is out of reach]", () => {});`;
    const { code, lines } = await runTests(
      { "some_test.ts": test + TESTS },
      "--no-skips",
      "--filter=/^runs/",
    );
    assertEquals(lines.slice(-2), [
      "excluded: runs [not on this machine: x.zip is out of reach]",
      "0 passed, 0 failed, 0 skipped",
    ]);
    assertEquals(code, 0);
  },
);
