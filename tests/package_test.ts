/**
 * The package as its users get it: every export loads, and importing it asks for nothing.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join, toFileUrl } from "@std/path";
import { aloneComplaints, runtimeComplaints } from "../tools/package.ts";
import { type Config, readConfig } from "../tools/project.ts";

const config = await readConfig();

for (const name of Object.keys(config.exports)) {
  const specifier = config.name + name.slice(1);
  Deno.test(`${specifier}: loads and offers something`, async () => {
    const module: Record<string, unknown> = await import(specifier);
    assert(Object.keys(module).length > 0);
  });
}

Deno.test("package: importing needs no permission, prints nothing and adds no global", async () => {
  assertEquals(await aloneComplaints(config), []);
});

Deno.test("package: portable exports import nothing of a runtime's own", async () => {
  assertEquals(await runtimeComplaints(config), []);
});

/** A package of one module with this text. */
async function withModule(text: string, test: (config: Config) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "mod.ts");
    await Deno.writeTextFile(file, text);
    await test({ name: "@a/b", exports: { ".": toFileUrl(file).href }, imports: {} });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const MISCHIEF = {
  "a permission, though its refusal is caught": [
    `try { Deno.env.get("SECRET"); } catch { /* ignored */ }`,
    "SECRET",
  ],
  "a query of a permission": [`await Deno.permissions.query({ name: "net" });`, "query"],
  "a global": [`globalThis.mischief = 1;`, "mischief"],
  "output": [`console.log("hello");`, "hello"],
  "an error": [`throw new Error("no good");`, "no good"],
};
for (const [what, [text, said]] of Object.entries(MISCHIEF)) {
  Deno.test(`package: the test of importing notices ${what}`, async () => {
    await withModule(`${text} export {};`, async (config) => {
      const complaints = await aloneComplaints(config);
      assertEquals(complaints.length, 1);
      assertStringIncludes(complaints[0]!, said!);
    });
  });
}

Deno.test("package: the test of portability notices an import of node:, lazy or not", async () => {
  await withModule(`import "node:fs";`, async (config) => {
    assertEquals((await runtimeComplaints(config)).length, 1);
  });
  await withModule(`await import("node:fs");`, async (config) => {
    assertEquals((await runtimeComplaints(config)).length, 1);
  });
  await withModule(`process.getBuiltinModule("node:fs");`, async (config) => {
    assertEquals(await runtimeComplaints(config), []);
  });
});
