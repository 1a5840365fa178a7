/**
 * Text for people: what is made visible, and how wide it is.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { columnsOf, printable, shortened } from "../../cli/text.ts";
import { Workplace } from "./harness.ts";

Deno.test("printable: makes visible what steers a terminal or cannot be seen", () => {
  assertEquals(printable("a\x1b[31m\u202eb\nc\u200b"), "a\\u001b[31m\\u202eb\nc\\u200b");
  for (const text of ["two\nlines", "日本語.iso", "cafe\u0301", "naïve…", "\u{1f600}"]) {
    assertEquals(printable(text), text);
  }
});

Deno.test("shortened: keeps beginning and end within the columns", () => {
  assertEquals(shortened("debian-12.qcow2", 9), "debi…cow2");
  assertEquals(shortened("日本語の名前", 7), "日…前");
  assertEquals(columnsOf("日本語"), 6);
});

Deno.test("ls -l: aligns names and numbers, also of wide letters", async () => {
  await using place = await Workplace.make({
    stores: { 映像: { driver: "memory", description: "日本" }, b: { driver: "memory" } },
  });
  const { out } = await place.run("stores");
  const [head, wide, narrow] = out.split("\n");
  const column = head!.indexOf("DRIVER");
  // Each of the two letters takes two columns.
  assertEquals(wide!.indexOf("memory"), column - 2);
  assertEquals(narrow!.indexOf("memory"), column);
});

Deno.test("ls --json: escapes what cannot be seen", async () => {
  await using place = await Workplace.make();
  await Deno.writeTextFile(place.path("x"), "hello");
  const name = "a\u202eb\u200bc";
  assertEquals((await place.run("add", "x", "--id", name)).code, 0);
  const { out } = await place.run("ls", "--json", "/local");
  assertEquals(out.includes("a\\u202eb\\u200bc"), true, out);
  assertEquals(JSON.parse(out)[0].path, `/local/${name}`);
  assertEquals((await place.run("ls", "/local")).out, "a\\u202eb\\u200bc\n");
});
