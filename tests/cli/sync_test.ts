/**
 * `sync`, `check` and `du`, also killed at any time.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { treeProgressText } from "../../cli/progress.ts";
import { seeded } from "../faults/random.ts";
import { Workplace } from "./harness.ts";

/** How many runs are killed. */
const KILLS = Deno.env.get("VITRINE_SOAK") === "full" ? 20 : 4;

/** Writes local files; their texts are their names, or `text`. */
async function write(place: Workplace, folder: string, names: string[], text?: string) {
  for (const name of names) {
    const path = place.path(`${folder}/${name}`);
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, text ?? name);
  }
}

Deno.test("sync: makes a store like a local directory, and a local directory like a store", async () => {
  await using place = await Workplace.make();
  await write(place, "in", ["a", "deep/b", "c.txt"]);
  const args = ["--exclude", "*.txt"];
  const first = await place.run("sync", "-v", ...args, "./in", "/local/x");
  assertEquals([first.code, first.err], [0, ""]);
  assertEquals(first.out.split("\n").sort(), ["", "2 copied; 7 B", "a: copied", "deep/b: copied"]);
  const again = await place.run("sync", "-v", ...args, "./in", "/local/x");
  assertEquals([again.code, again.out, again.err], [0, "2 same; 0 B\n", ""]);
  const back = await place.run("sync", "/local/x", "./out");
  assertEquals([back.code, back.out, back.err], [0, "", ""]);
  assertEquals(await Deno.readTextFile(place.path("out/deep/b")), "deep/b");
  const checked = await place.run("check", "/local/x", "./out");
  assertEquals([checked.code, checked.out, checked.err], [0, "", ""]);
});

Deno.test("sync: leaves what differs and what is extra, unless --replace and --delete", async () => {
  await using place = await Workplace.make();
  await write(place, "in", ["a", "b"]);
  assertEquals((await place.run("sync", "./in", "/local")).code, 0);
  assertEquals((await place.run("sync", "/local", "/mirror")).code, 0);
  await Deno.writeTextFile(place.path("in/a"), "longer");
  await Deno.remove(place.path("in/b"));
  const refused = await place.run("sync", "./in", "/local");
  assertEquals([refused.code, refused.out], [3, ""]);
  assertStringIncludes(refused.err, "/local/a: the size is 1, that of the source 6");
  const dry = await place.run("sync", "-n", "--replace", "--delete", "./in", "/local");
  assertEquals([dry.code, dry.out], [0, "a: would be replaced\nb: would be removed\n"]);
  assertEquals((await place.run("ls", "/local")).out, "a\nb\n");
  assertEquals((await place.run("sync", "--replace", "--delete", "./in", "/local")).code, 0);
  assertEquals((await place.run("ls", "/local")).out, "a\n");
  const differs = await place.run("check", "/local", "/mirror");
  assertEquals(differs.code, 3);
  assertEquals(differs.out, "a: the size is 1, that of the source 6\nb: missing in the first\n");
});

Deno.test("check: exits with 4 if only the sizes are known, and --download reads the images", async () => {
  await using place = await Workplace.make();
  await write(place, "one", ["a", "b"]);
  await write(place, "two", ["a", "b"]);
  const known = await place.run("check", "./one", "./two");
  assertEquals(known.code, 4);
  assertMatch(known.out, /^[ab]: the same size, .*\n[ab]: the same size, .*\n$/);
  assertEquals((await place.run("check", "--download", "./one", "./two")).code, 0);
  await Deno.writeTextFile(place.path("two/b"), "x");
  assertEquals((await place.run("check", "--download", "./one", "./two")).code, 3);
});

Deno.test("du: sums sizes", async () => {
  await using place = await Workplace.make();
  await write(place, "in", ["a", "deep/b"], "12345");
  const { code, out, err } = await place.run("du", "./in", "./in/deep", "./none");
  assertEquals([code, out], [1, "10  10 B  2 images  ./in\n 5   5 B   1 image  ./in/deep\n"]);
  assertStringIncludes(err, "none");
});

Deno.test("cp --skip-existing: leaves what is there, whatever it holds", async () => {
  await using place = await Workplace.make();
  await write(place, "in", ["a", "b"]);
  assertEquals((await place.run("cp", "./in/a", "/local/x/b")).code, 0);
  const { code, out, err } = await place.run("cp", "-rv", "--skip-existing", "./in/", "/local/x/");
  assertEquals([code, out, err], [0, "./in/a -> /local/x/a\n", ""]);
  assertEquals((await place.run("cat", "/local/x/b")).out, "a");
});

Deno.test(`sync: killed at ${KILLS} random times and run again, the trees are equal`, async () => {
  const random = seeded(7);
  await using place = await Workplace.make();
  const names = Array.from({ length: 60 }, (_, i) => `${i % 7}/${i}`);
  await write(place, "in", names);
  for (let kill = 0; kill < KILLS; kill++) {
    // Each run has images to replace, to add and to delete.
    await write(place, "in", names.filter((_, i) => i % 2 === kill % 2), `text ${kill}`);
    await write(place, "in", [`new/${kill}`]);
    await Deno.remove(place.path(`in/new/${kill - 1}`)).catch(() => {});
    const args = ["sync", "--replace", "--delete", "--checksum", "./in", "/local"];
    const child = place.start(["--", ...args].slice(1), { stdout: "null", stderr: "null" });
    await new Promise((resolve) => setTimeout(resolve, 200 + random() * 900));
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await child.status;
    assertEquals((await place.run("gc", "--older-than", "0s")).code, 0);
    const again = await place.run(...args);
    assertEquals([again.code, again.err], [0, ""], `kill ${kill}`);
    const checked = await place.run("check", "--download", "./in", "/local");
    assertEquals([checked.code, checked.out, checked.err], [0, "", ""], `kill ${kill}`);
    const left = (await place.run("gc", "-n", "--older-than", "0s")).out;
    assert(!left.includes("local"), left);
  }
});

Deno.test("treeProgressText: shows totals in as many columns as there are", () => {
  const progress = { images: 3, totalImages: 10, bytes: 2048, totalBytes: 8192, isListed: true };
  assertEquals(
    treeProgressText(progress, 2, 200),
    "3 of 10 images  2.0 KiB of 8.0 KiB  1.0 KiB/s  0:06 left",
  );
  assertEquals(
    treeProgressText({ ...progress, isListed: false }, 2, 200),
    "3 of 10+ images  2.0 KiB of 8.0 KiB+  1.0 KiB/s",
  );
  for (const columns of [79, 40, 10]) {
    assert(treeProgressText(progress, 2, columns).length <= columns);
  }
});
