/**
 * docs/dependencies.md says what `deno.json` and the lock say.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";

const root = new URL("../", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, root));

Deno.test("docs/dependencies.md: npm packages are pinned with their hash, @std packages are ranges", async () => {
  const document = await read("docs/dependencies.md");
  const { imports } = JSON.parse(await read("deno.json")) as { imports: Record<string, string> };
  const lock = JSON.parse(await read("deno.lock")) as {
    npm: Record<string, { integrity: string }>;
  };
  for (const [name, specifier] of Object.entries(imports)) {
    const [, registry, wanted] = /^(npm|jsr):@?[^@]+@(.+)$/.exec(specifier)!;
    const row = document.split("\n").find((line) => line.startsWith(`| \`${name}\``));
    assert(row, `${name} is not in docs/dependencies.md`);
    assertEquals(row.split("|")[2]!.trim(), wanted, name);
    if (registry === "jsr") {
      assert(name.startsWith("@std/") && wanted!.startsWith("^"), specifier);
    } else {
      assert(/^\d+\.\d+\.\d+/.test(wanted!), `${specifier} is no exact version`);
      assert(lock.npm[`${name}@${wanted}`]?.integrity, `${name} has no hash in deno.lock`);
    }
  }
});
