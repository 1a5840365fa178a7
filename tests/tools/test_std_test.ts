/**
 * `deno task test:std` on a small checkout of its own and a registry on loopback.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path";
import { serveRegistry, STD_FOLDERS } from "./registry.ts";

const root = new URL("../../", import.meta.url);
const PACKAGES = ["assert", "cli", "path", "streams"];

/** Makes a folder with a checkout of nothing but the tools, the stand-ins and one test file. */
async function makeCheckout(): Promise<string> {
  const temporary = await Deno.makeTempDir();
  const folder = join(temporary, "checkout");
  const files = [
    "tests/rbd/run_child.ts",
    "tests/std_test.ts",
    "tools/package.ts",
    "tools/project.ts",
    "tools/test_std.ts",
  ];
  for (const stdFolder of STD_FOLDERS) {
    for await (const { name } of Deno.readDir(stdFolder)) {
      files.push(new URL(name, stdFolder).href.slice(root.href.length));
    }
  }
  for (const file of files) {
    await Deno.mkdir(join(folder, dirname(file)), { recursive: true });
    await Deno.copyFile(fromFileUrl(new URL(file, root)), join(folder, file));
  }
  const config = {
    imports: Object.fromEntries(PACKAGES.map((name) => [`@std/${name}`, `jsr:@std/${name}@^1`])),
    links: PACKAGES.map((name) => `./offline/std/${name}`),
    tasks: {
      "test": "deno test -A tests/std_test.ts",
      "test:std": "deno run -A tools/test_std.ts",
    },
  };
  await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify(config));
  return temporary;
}

/** Replaces the test file of such a checkout, and adds other modules to it. */
async function replaceTest(
  temporary: string,
  text: string,
  modules: Record<string, string> = {},
): Promise<void> {
  const folder = join(temporary, "checkout");
  for (const [path, text] of Object.entries(modules)) {
    await Deno.writeTextFile(join(folder, path), text);
  }
  await Deno.writeTextFile(join(folder, "tests/std_test.ts"), text);
}

/** Runs `deno task test:std` in such a checkout, with a cache of its own beside it. */
async function testStd(
  temporary: string,
  registry: string,
  ...args: string[]
): Promise<{ code: number; output: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "test:std", ...args],
    cwd: join(temporary, "checkout"),
    env: { DENO_DIR: join(temporary, "cache"), JSR_URL: registry, NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test("test:std: tests on what the registry serves, not on the stand-ins", async () => {
  await using registry = await serveRegistry(STD_FOLDERS);
  const temporary = await makeCheckout();
  try {
    const { code, output } = await testStd(temporary, registry.url, "--required");
    assertEquals(code, 0, output);
    assertMatch(output, /\b[1-9]\d* passed \| 0 failed/);
    for (const name of PACKAGES) assert(registry.served.has(`/@std/${name}/1.0.0/mod.ts`), name);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
});

Deno.test("test:std: fails with the tests", async () => {
  await using registry = await serveRegistry(STD_FOLDERS);
  const temporary = await makeCheckout();
  try {
    await replaceTest(temporary, "throw new Error('no good');");
    const { code, output } = await testStd(temporary, registry.url);
    assertEquals(code, 1, output);
    assertStringIncludes(output, "no good");
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
});

Deno.test("aloneComplaints: importing a package from the registry is no complaint", async () => {
  await using registry = await serveRegistry(STD_FOLDERS);
  const temporary = await makeCheckout();
  try {
    const test = `
      import { assertEquals, assertStringIncludes } from "@std/assert";
      import { aloneComplaints } from "../tools/package.ts";
      const config = (name) => ({
        name: "@a/b",
        exports: { ".": new URL("../" + name, import.meta.url).href },
        imports: {},
      });
      Deno.test("aloneComplaints: accepts the registry", async () => {
        assertEquals(await aloneComplaints(config("good.ts")), []);
      });
      Deno.test("aloneComplaints: refuses another host", async () => {
        const [complaint, ...more] = await aloneComplaints(config("bad.ts"));
        assertStringIncludes(complaint, "127.0.0.2");
        assertEquals(more, []);
      });`;
    await replaceTest(temporary, test, {
      "good.ts": 'export * from "@std/path";',
      "bad.ts": 'await import("http://127.0.0.2/mod.ts").catch(() => {});\nexport {};',
    });
    const { code, output } = await testStd(temporary, registry.url, "--required", "--no-check");
    assertEquals(code, 0, output);
    assertMatch(output, /\b2 passed \| 0 failed/);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
});

Deno.test("runChild: a child has the test's registry and cache", async () => {
  await using registry = await serveRegistry(STD_FOLDERS);
  const temporary = await makeCheckout();
  try {
    const test = `
      import { assertEquals } from "@std/assert";
      import { runChild } from "./rbd/run_child.ts";
      Deno.test("runChild: has the environment", async () => {
        const child = new URL("child.ts", import.meta.url);
        const expected = ["a/b", "JSR_URL", "DENO_DIR"].map((name) => Deno.env.get(name) ?? name);
        assertEquals(JSON.parse(await runChild(child, "a", "b")), expected);
      });`;
    // Only the child imports this package: it has to come from the registry.
    const child = `
      import { join } from "@std/path";
      const environment = ["JSR_URL", "DENO_DIR"].map((name) => Deno.env.get(name));
      console.log(JSON.stringify([join(...Deno.args), ...environment]));`;
    await replaceTest(temporary, test, { "tests/child.ts": child });
    const { code, output } = await testStd(temporary, registry.url, "--required", "--no-check");
    assertEquals(code, 0, output);
    assertMatch(output, /\b1 passed \| 0 failed/);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
});

Deno.test("test:std: says in one line that no registry responds", async () => {
  await using registry = await serveRegistry([]);
  const temporary = await makeCheckout();
  try {
    const optional = await testStd(temporary, registry.url);
    assertEquals(optional.code, 0, optional.output);
    assertMatch(optional.output, /^test:std: not run, http\S+ cannot be used: .*status 404$/m);
    assertEquals((await testStd(temporary, registry.url, "--required")).code, 1);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
});
