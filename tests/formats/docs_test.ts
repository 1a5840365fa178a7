/**
 * docs/formats.md has every format and every finding, and no others.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { MEDIA_TYPES } from "../../formats/media_type.ts";
import { FORMATS } from "../../formats/table.ts";

const root = new URL("../../", import.meta.url);

async function rows(heading: string): Promise<string[][]> {
  const text = await Deno.readTextFile(new URL("docs/formats.md", root));
  const section = text.split(`## ${heading}\n`)[1]!.split("\n## ")[0]!;
  return section.split("\n").filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", "")));
}

Deno.test("docs/formats.md: its first table is that of the formats", async () => {
  const written = (await rows("The formats")).map((row) => row.slice(0, 3));
  const known = FORMATS.map(({ name, kind }) =>
    [name, kind, MEDIA_TYPES[name] ?? "application/octet-stream"] as string[]
  );
  assertEquals(written, [...known, ["raw", "", "application/octet-stream"]]);
});

Deno.test("docs/formats.md: its last table has every code that is reported", async () => {
  const codes = new Set<string>();
  for await (const { name } of Deno.readDir(new URL("formats/", root))) {
    const text = await Deno.readTextFile(new URL(`formats/${name}`, root));
    const reports =
      /\.(unsafe|suspicious|note)\(\s*"([a-z-]+)"|code: "([a-z-]+)", severity: "(\w+)"/g;
    for (const [, severity, code, code2, severity2] of text.matchAll(reports)) {
      codes.add(`${code ?? code2} ${severity ?? severity2}`.replace(/^mbr-\S+/, "mbr-..."));
    }
  }
  // What the table says in words, and not in a row.
  codes.delete("dirty suspicious");
  const written = (await rows("The findings")).map(([code, severity]) => `${code} ${severity}`);
  assertEquals(written.sort(), [...codes].sort());
});
