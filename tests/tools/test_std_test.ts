/**
 * `deno task test:std` on a small checkout of its own and a registry on loopback.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path";
import { serveRegistry } from "./registry.ts";

const root = new URL("../../", import.meta.url);
const PACKAGES = ["assert", "cli", "path", "streams"];
const stdFolders = PACKAGES.map((name) => new URL(`offline/std/${name}/`, root));

/** Makes a folder with a checkout of nothing but the tools, the stand-ins and one test file. */
async function makeCheckout(): Promise<string> {
  const temporary = await Deno.makeTempDir();
  const folder = join(temporary, "checkout");
  const files = ["tests/std_test.ts", "tools/project.ts", "tools/test_std.ts"];
  for (const stdFolder of stdFolders) {
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

Deno.test("test:std tests on what the registry serves, not on the stand-ins", async () => {
  await using registry = await serveRegistry(stdFolders);
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

Deno.test("test:std fails with the tests", async () => {
  await using registry = await serveRegistry(stdFolders);
  const temporary = await makeCheckout();
  try {
    await Deno.writeTextFile(
      join(temporary, "checkout/tests/std_test.ts"),
      "throw new Error('no good');",
    );
    const { code, output } = await testStd(temporary, registry.url);
    assertEquals(code, 1, output);
    assertStringIncludes(output, "no good");
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
});

Deno.test("test:std says in one line that no registry responds", async () => {
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
