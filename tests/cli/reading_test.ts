/**
 * Commands that read create nothing, hide nothing, and notice what was changed.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Workplace } from "./harness.ts";

const READING: readonly string[][] = [
  ["ls", "/s"],
  ["ls", "-R", "/"],
  ["tree", "/s"],
  ["stat", "/s/x"],
  ["verify", "/s"],
  ["cat", "/s/x"],
  ["cp", "-r", "/s", "./out"],
  ["gc", "--dry-run"],
  ["stores"],
];

/** Returns everything in a folder, directories included. */
async function everythingIn(folder: string): Promise<string[]> {
  const { stdout } = await new Deno.Command("find", { args: [folder] }).output();
  return new TextDecoder().decode(stdout).trim().split("\n").sort();
}

Deno.test("vitrine: reports a configured datadir that is missing, and creates nothing", async () => {
  await using place = await Workplace.make({
    stores: { s: { driver: "file", datadir: "./disk/images" } },
  });
  const before = await everythingIn(place.folder);
  for (const args of READING) {
    const { code, err } = await place.run(...args);
    assertEquals(code, 1, `${args.join(" ")}: ${err}`);
    assertStringIncludes(err, "disk/images", args.join(" "));
    assertEquals(await everythingIn(place.folder), before, args.join(" "));
  }
});

Deno.test("vitrine: shows the implied store as empty until the first write", async () => {
  await using place = await Workplace.make(null);
  const before = await everythingIn(place.folder);
  for (const args of READING.map((args) => args.map((arg) => arg.replace("/s", "/local")))) {
    if (args.some((arg) => arg.endsWith("/x"))) continue;
    const { code, err } = await place.run(...args);
    assertEquals([code, err], [0, ""], args.join(" "));
    assertEquals(await everythingIn(place.folder), before, args.join(" "));
  }
  const child = place.start(["serve", "--port", "0"]);
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const url = /http:\S+\//.exec((await reader.read()).value!)![0];
  assertEquals((await fetch(`${url}local/`)).status, 200);
  child.kill("SIGTERM");
  await child.status;
  await reader.cancel();
  await child.stderr.cancel();
  assertEquals(await everythingIn(place.folder), before);
});

Deno.test("vitrine: reports names that it passes over, and exits with 1", async () => {
  await using place = await Workplace.make();
  await Deno.writeTextFile(place.path("local/C# 12?.iso"), "hello");
  await Deno.writeTextFile(place.path("local/back\\slash"), "hello");
  await Deno.symlink("/etc", place.path("local/out"));
  const listed = await place.run("ls", "-R", "/local");
  assertEquals([listed.code, listed.out], [1, "/local/C# 12?.iso\n"]);
  assertStringIncludes(listed.err, "back\\slash: passed over: ");
  const copied = await place.run("cp", "-r", "/local", "./copy");
  assertEquals(copied.code, 1);
  assertStringIncludes(copied.err, "back\\slash: passed over: ");
  assertEquals(await Deno.readTextFile(place.path("copy/C# 12?.iso")), "hello");
  const verified = await place.run("verify", "/local");
  assertEquals(verified.code, 1);
  assertStringIncludes(verified.err, "back\\slash: passed over: ");
  assertStringIncludes(verified.err, "C# 12?.iso: no digest of the image is known");
});

Deno.test("verify, cp: notice an image that was changed after it was added", async () => {
  await using place = await Workplace.make();
  await Deno.writeTextFile(place.path("x"), "hello");
  assertEquals((await place.run("add", "x")).code, 0);
  await Deno.writeTextFile(place.path("local/x"), "HELLO");
  const verified = await place.run("verify", "/local/x");
  assertEquals([verified.code, verified.out], [3, ""]);
  for (const target of ["./out", "/mirror/x"]) {
    const { code, err } = await place.run("cp", "/local/x", target);
    assertEquals(code, 3, err);
    const allowed = await place.run("cp", "--allow-changed", "/local/x", target);
    assertEquals([allowed.code, allowed.err], [0, ""], target);
  }
  assertEquals((await place.run("cat", "/mirror/x")).out, "HELLO");
});

Deno.test("verify --record: records digests of images that another program added", async () => {
  await using place = await Workplace.make();
  await Deno.writeTextFile(place.path("local/foreign"), "hello");
  const unknown = await place.run("verify", "/local");
  assertEquals([unknown.code, unknown.out], [4, ""]);
  const recorded = await place.run("verify", "--record", "/local");
  assertEquals([recorded.code, recorded.out, recorded.err], [
    0,
    "/local/foreign: recorded (md5, sha512)\n",
    "",
  ]);
  const verified = await place.run("verify", "/local");
  assertEquals([verified.code, verified.out], [0, "/local/foreign: ok (md5, sha512)\n"]);
  await Deno.writeTextFile(place.path("local/foreign"), "HELLO");
  assertEquals((await place.run("verify", "/local")).code, 3);
  const again = await place.run("verify", "--record", "/local");
  assertEquals(again.code, 3);
  assert((await place.run("verify", "--record", "--md5", "0".repeat(32), "/local")).code === 2);
});
