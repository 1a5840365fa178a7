/**
 * The reading of what `deno test` prints.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { TestReport } from "../test_report.ts";

Deno.test("TestReport.read: names what failed, with its module and error", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(
    `${folder}/a_test.ts`,
    `Deno.test("one: fails", () => { throw new Error("first") });
     Deno.test("two: passes", () => console.log("ok | 70 passed | 0 failed"));
     Deno.test({ name: "three: is skipped", ignore: true, fn() {} });
     Deno.test("four: has steps", async (t) => {
       await t.step("a step", () => { throw new Error("second") });
     });`,
  );
  await Deno.writeTextFile(`${folder}/b_test.ts`, `throw new Error("third");`);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--no-lock", "--no-check", folder],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const report = new TestReport();
  await report.read(child.stdout, () => {});
  await child.status;
  await Deno.remove(folder, { recursive: true });

  assertEquals([report.passed, report.failed], [1, 3]);
  assertEquals(report.skipped, ["three: is skipped"]);
  const modules = report.failures.map(({ module }) => module.replace(/^.*\//, ""));
  assertEquals(modules, ["a_test.ts", "a_test.ts", "b_test.ts"]);
  assertEquals(report.failures.slice(0, 2).map(({ name }) => name), [
    "one: fails",
    "four: has steps ... a step",
  ]);
  const errors = report.failures.map(({ error }) => /first|second|third/.exec(error)?.[0]);
  assertEquals(errors, ["first", "second", "third"]);
});
