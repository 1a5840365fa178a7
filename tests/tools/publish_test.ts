/**
 * The package as its users install it: published to a registry on loopback, and used from there in an
 * empty folder with an empty cache.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { readConfig, root } from "../../tools/project.ts";
import { sizeOf } from "./cache_size.ts";
import { serveRegistry, STD_FOLDERS } from "./registry.ts";

const config = await readConfig();

/** The most that using the package may leave in Deno's cache, in bytes. By chance, logs of 4 MB stay in it or not. */
const MOST_CACHED = 17_000_000;

/** The npm packages that users download. */
const FOR_USERS = ["@noble/hashes", "aws4fetch", "picomatch", "xz-decompress"];

/** The published package, and a user's folder with a cache of its own. */
interface User {
  /** Runs Deno in the user's folder and returns its output. Fails the test if it fails. */
  deno(...args: string[]): Promise<string>;
  /** The user's folder. */
  folder: string;
  /** The user's environment: the registry and a cache of the user's own. */
  env: { JSR_URL: string; DENO_DIR: string };
  /** Returns the bytes that the registry has sent since it took the package. */
  downloaded(): number;
}

async function run(
  program: string,
  args: string[],
  options: Deno.CommandOptions,
): Promise<{ success: boolean; output: string }> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    ...options,
    env: { NO_COLOR: "1", ...options.env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { success, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

/** Publishes the checkout to a registry of its own, and calls `test` with a user of it. */
async function withUser(test: (user: User, published: string) => Promise<void>): Promise<void> {
  // Where the tests run on the real `@std`, users get it as well.
  const real = Deno.env.get("JSR_URL");
  await using registry = await serveRegistry(real ? [] : STD_FOLDERS, real);
  const temporary = await Deno.realPath(await Deno.makeTempDir({ prefix: "vitrine-user-" }));
  const folder = join(temporary, "project");
  await Deno.mkdir(folder);
  const env = { JSR_URL: registry.url, DENO_DIR: join(temporary, "cache") };
  try {
    const publish = ["task", "--quiet", "publish", "--allow-dirty"];
    const cwd = fromFileUrl(root);
    const options = { cwd, env: { ...env, DENO_DIR: join(temporary, "cache-of-publisher") } };
    const dryRun = await run(Deno.execPath(), [...publish, "--dry-run"], options);
    assert(dryRun.success, dryRun.output);
    const published = await run(Deno.execPath(), [...publish, "--token=any"], options);
    assert(published.success, published.output);
    const sent = () => [...registry.served.values()].reduce((sum, size) => sum + size, 0);
    const before = sent();
    const downloaded = () => sent() - before;
    const deno = async (...args: string[]) => {
      const { success, output } = await run(Deno.execPath(), args, { cwd: folder, env });
      assert(success, `deno ${args.join(" ")}: ${output}`);
      return output;
    };
    await test({ deno, folder, env, downloaded }, dryRun.output);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

Deno.test("publish: what is published works for a user who has nothing else", async (t) => {
  await withUser(async ({ deno, folder, env, downloaded }, published) => {
    await t.step("deno publish prints no warning", () => {
      assertEquals(published.match(/^.*warning.*$/gim), null);
      assertMatch(published, /\/mod\.ts \(/);
    });
    await t.step("deno add downloads what users need and nothing else", async () => {
      const output = await deno("add", "jsr:@vitrine/vitrine");
      const packages = [...output.matchAll(/npm:(\S+) [\d.]+$/gm)].map(([, name]) => name);
      assertEquals(packages.sort(), FOR_USERS);
    });
    await t.step("the README's first program runs", async () => {
      const readme = await Deno.readTextFile(new URL("README.md", root));
      const program = /```ts\n(.*?)```/s.exec(readme)![1]!;
      await Deno.writeTextFile(join(folder, "main.ts"), program);
      const output = await deno("run", "--no-prompt", "--allow-read", "--allow-write", "main.ts");
      assertStringIncludes(output, "/scratch/copy.iso 18\nsmall\n");
    });
    for (const name of Object.keys(config.exports)) {
      const specifier = config.name + name.slice(1);
      await t.step(`${specifier} loads without a permission`, async () => {
        const program = `import * as entry from "${specifier}";\n` +
          "console.log(Object.keys(entry).length);\n";
        await Deno.writeTextFile(join(folder, "entry.ts"), program);
        const output = await deno("run", "--quiet", "--no-prompt", "entry.ts");
        assertMatch(output, /^[1-9]\d*\n$/);
      });
    }
    await t.step("the command runs, installed or not", async () => {
      const cli = `jsr:${config.name}/cli`;
      const version = await deno("run", "--quiet", "--allow-env", "--allow-read", cli, "--version");
      assertMatch(version, /^vitrine \d+\.\d+\.\d+\n$/);
      const lazy = ["--unstable-lazy-dynamic-imports", "--no-prompt", "--allow-read=."];
      assertEquals(await deno("run", "--quiet", ...lazy, cli, "ls", "/"), "local/\n");
      const install = ["install", "--quiet", "-g", "--root", folder, "-n", "vitrine"];
      await deno(...install, "--allow-env", "--allow-read", cli);
      const path = `${Deno.execPath().replace(/\/[^/]*$/, "")}:${Deno.env.get("PATH")}`;
      const installed = await run(join(folder, "bin/vitrine"), ["--version"], {
        cwd: folder,
        env: { ...env, PATH: path },
      });
      assertEquals(installed.output, version);
    });
    await t.step(`all of it leaves at most ${MOST_CACHED} bytes in the cache`, async () => {
      const [cached, bytes] = [await sizeOf(env.DENO_DIR), downloaded()];
      console.log(`${bytes} bytes of modules were downloaded; the cache has ${cached}`);
      assert(bytes > 0 && cached <= MOST_CACHED, `${cached} bytes`);
    });
    await t.step("every entry point has types", async () => {
      const program = Object.keys(config.exports)
        .map((name) => `export * as _ from "${config.name + name.slice(1)}";\n`)
        .map((line, at) => line.replace("_", `entry${at}`)).join("");
      await Deno.writeTextFile(join(folder, "types.ts"), program);
      await deno("check", "types.ts");
    });
  });
});
