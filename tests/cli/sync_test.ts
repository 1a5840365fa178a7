/**
 * `sync`, `check` and `du`.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { treeProgressText } from "../../cli/progress_text.ts";
import { Workplace } from "./harness.ts";

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
