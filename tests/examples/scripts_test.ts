/**
 * The examples do what they say, run as they say.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";

const root = new URL("../../", import.meta.url);
const config = new URL("deno.json", root).pathname;

async function example(name: string, args: string[], options: Deno.CommandOptions = {}) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--config",
      config,
      ...args.filter((arg) => arg.startsWith("--allow")),
      new URL(`examples/${name}`, root).pathname,
      ...args.filter((arg) => !arg.startsWith("--allow")),
    ],
    env: { NO_COLOR: "1" },
    ...options,
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

Deno.test("own_driver.ts: adds and reads under no permission at all", async () => {
  const { code, out, err } = await example("own_driver.ts", []);
  assertEquals(code, 0, err);
  assertEquals(out.split("\n").slice(0, 2), [
    "shelf://iso%2Ftiny.iso has 12 bytes, md5 e4d7f1b4ed2e42d15898f4b27b019da4",
    "world",
  ]);
});

Deno.test("add_and_read.ts: adds an image and reads it back", async () => {
  const folder = await Deno.makeTempDir();
  const image = join(folder, "image");
  await Deno.writeTextFile(image, "0123456789abcdef".repeat(1000));
  const { code, out, err } = await example("add_and_read.ts", [
    "--allow-read",
    "--allow-write",
    image,
    join(folder, "store"),
  ]);
  assertEquals(code, 0, err);
  assertStringIncludes(out, `added file://${folder}/store/images/first: 16000 bytes`);
  assertStringIncludes(out, "read 16000 bytes, both digests right");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("copy_across.ts: copies a directory from store to store", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(join(folder, "one/iso"), { recursive: true });
  await Deno.writeTextFile(join(folder, "one/iso/a.iso"), "hello");
  await Deno.writeTextFile(join(folder, "one/b.img"), "world");
  await Deno.mkdir(join(folder, "two"));
  const stores = {
    one: { driver: "file", datadir: join(folder, "one") },
    two: { driver: "file", datadir: join(folder, "two") },
  };
  await Deno.writeTextFile(join(folder, "vitrine.json"), JSON.stringify({ stores }));
  const { code, out, err } = await example(
    "copy_across.ts",
    ["--allow-all", "/one", "/two/copies"],
    { cwd: folder },
  );
  assertEquals(code, 0, err);
  assertStringIncludes(out, "/one/iso/a.iso -> /two/copies/iso/a.iso: 5 bytes");
  assertEquals(await Deno.readTextFile(join(folder, "two/copies/iso/a.iso")), "hello");
  assertEquals(await Deno.readTextFile(join(folder, "two/copies/b.img")), "world");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("demo: does the main job on an image of one's own", async () => {
  const image = await Deno.makeTempFile();
  await Deno.writeTextFile(image, "an image ".repeat(100_000));
  const { code, out, err } = await example("demo/main.ts", ["--allow-all", image]);
  assertEquals(code, 0, err);
  assertStringIncludes(out, "900000 bytes");
  assertStringIncludes(out, "both digests");
  await Deno.remove(image);
});
