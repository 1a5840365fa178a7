/**
 * `--resume` where there is nothing that could be resumed. The kills are in tests/soak.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Workplace } from "./harness.ts";

/** Runs a command with `--resume` that must fail, and change nothing. */
async function refused(code: number, why: string, ...args: string[]): Promise<void> {
  await using place = await Workplace.make();
  await Deno.mkdir(place.path("in"));
  await Deno.writeTextFile(place.path("in/disk.raw"), "text");
  const before = await place.files();
  const run = await place.run(...args, "--resume");
  assertEquals([run.code, run.out], [code, ""]);
  assertStringIncludes(run.err, why);
  assertEquals(run.err.includes("what was sent is kept"), false, run.err);
  assertEquals(await place.files(), before);
}

Deno.test("sync: --resume is an error where the store cannot resume", () =>
  refused(1, "local: resume /local: the store does not support it", "sync", "./in", "/local"));

Deno.test("cp: --resume is an error where the store cannot resume", () =>
  refused(1, "the store does not support it", "cp", "./in/disk.raw", "/local/disk.raw"));

Deno.test("cp: --resume is not for local files", () =>
  refused(2, "--resume is for copies into a store", "cp", "/local/disk.raw", "./disk.raw"));

Deno.test("add: --resume is for one store", () =>
  refused(2, "--resume is for one store", "add", "./in/disk.raw", "--store", "local,mirror"));
