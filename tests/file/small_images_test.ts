/**
 * Many small images on files: what they cost in memory, and in calls of the system.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { inFolder, moduleArgs, run } from "./support.ts";

/** Whether this process may trace others. */
const canTrace = await run("strace", "-o", "/dev/null", "true").then(() => true, () => false);

/**
 * Traces adds or reads of small images. Returns the calls with a path that each makes, as `openat small.img`:
 * the call, and the name or what it stands for.
 */
async function callsOf(operation: "add" | "get"): Promise<string[]> {
  const calls = await inFolder(async (folder) => {
    const output = `${folder}/calls`;
    await Deno.mkdir(`${folder}/images`);
    const args = moduleArgs("small_calls.ts", `${folder}/images`);
    const options = ["-f", "-s", "4096", "-e", "trace=file", "-o", output];
    await run("strace", ...options, Deno.execPath(), ...args);
    return await Deno.readTextFile(output);
  });
  const parts = calls.split(`mark-${operation}`).slice(1).map((part) => part.split("mark-end")[0]!);
  return parts.map((part) => {
    const names = part.split("\n").map((line) => {
      const [, call, path] = /^\d+ +(\w+)\(.*?"([^"]*)"/.exec(line) ?? [];
      // What has no path is open.
      if (!path || path.endsWith("/mark-")) return "";
      const name = path.replace(/^\/proc\/self\/fd\/\d+$/, "/descriptor").split("/").at(-1)!;
      return `${call} ${name.replace(/^image-.*/, "temporary").replace(/.*\.json$/, "record")}`;
    });
    return names.filter((name) => name !== "").join(", ");
  });
}

Deno.test("FileStore.add: 1,000 images of 64 KiB, 16 at once, take 64 MiB at most", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--allow-all", "--no-check", "--no-lock"],
      new URL("small_images.ts", import.meta.url).pathname,
    ],
  }).output();
  assert(code === 0, new TextDecoder().decode(stderr));
  const growth = Number(new TextDecoder().decode(stdout));
  assert(growth > 0 && growth <= 64 * 1024 * 1024, `memory grew by ${growth} bytes`);
});

// A machine that stands still for a second has directories looked at again: of ten, one must do.
const callsTest = (name: string, operation: "add" | "get", expected: readonly string[]) =>
  Deno.test({
    name,
    ignore: !canTrace,
    fn: async () => {
      const calls = await callsOf(operation);
      assertEquals(calls.length, 10);
      assert(calls.includes(expected.join(", ")), calls.join("\n"));
    },
  });

callsTest("FileStore.get: a small image takes one open, and no call that follows its path", "get", [
  ...["openat small.img", "readlink descriptor"],
]);

// Deno looks at what it removes.
callsTest("FileStore.add: a small image takes nine calls with a path", "add", [
  ...["statx small.img", "openat temporary", "statx temporary", "openat images"],
  ...["readlink descriptor", "openat record", "linkat temporary"],
  ...["statx temporary", "unlink temporary"],
]);
