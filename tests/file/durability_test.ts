/**
 * What is on the disk when an operation resolves, seen by the calls of the system.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { FileStore } from "@vitrine/vitrine/file";
import { inFolder, moduleArgs, run } from "./support.ts";

/** Whether this process may trace others. */
const canTrace = await run("strace", "-o", "/dev/null", "true").then(() => true, () => false);

/** The calls that are traced: those that change names, and those that bring them to the disk. */
const CALLS = ["mkdir", "mkdirat", "link", "linkat", "unlink", "unlinkat", "fsync", "fdatasync"];

/**
 * Runs an operation in a process of its own. Returns its calls in their order, each as `mkdir`, `link`,
 * `unlink` or `sync` and the last segment of its path; those in the store's own directory are left out.
 */
async function callsOf(folder: string, ...operation: string[]): Promise<string[]> {
  const output = `${folder}/calls`;
  const options = ["-f", "-y", "-s", "4096", "-e", `trace=${CALLS.join()}`, "-o", output];
  const args = moduleArgs("operation.ts", `${folder}/new/data`, ...operation);
  await run("strace", ...options, Deno.execPath(), ...args);
  const calls: string[] = [];
  for (const line of (await Deno.readTextFile(output)).split("\n")) {
    const [, name, parameters = ""] = /^\d+ +(\w+)\((.*)/.exec(line) ?? [];
    if (name === undefined || / = -1 E/.test(line)) continue;
    const isSync = name.endsWith("sync");
    // The last text is the path, or the new one of two.
    const path = isSync ? /<(.*?)>/.exec(parameters)?.[1] : parameters.match(/"[^"]*"/g)?.at(-1);
    const own = path?.includes("/.vitrine") || !/^"?(\/proc\/self\/fd\/|.*\/new\b)/.test(`${path}`);
    if (own && !(isSync && path === folder)) continue;
    const kind = isSync ? "sync" : name.replace(/at$/, "");
    calls.push(`${kind} ${path!.replaceAll('"', "").split("/").at(-1)}`);
  }
  return calls;
}

function durabilityTest(name: string, test: (folder: string) => Promise<void>): void {
  Deno.test({ name, ignore: !canTrace, fn: () => inFolder(test) });
}

durabilityTest(
  "FileStore.add: a new datadir, its directories and the image are on the disk",
  async (folder) => {
    const top = folder.split("/").at(-1);
    assertEquals(await callsOf(folder, "add", "iso/debian.iso"), [
      ...["mkdir new", `sync ${top}`, "mkdir data", "sync new"],
      ...["mkdir iso", "sync data", "link debian.iso", "sync iso"],
    ]);
    const written = await Deno.readTextFile(`${folder}/calls`);
    const [bytes, name] = [/f(data)?sync\(\d+<[^>]*\/tmp\/image-/, /link(at)?\(.*debian\.iso"/]
      .map((call) => written.search(call));
    assert(0 < bytes! && bytes! < name!, "the bytes are on the disk before the image has its name");
  },
);

durabilityTest("FileStore.delete: the image is gone from the disk", async (folder) => {
  await Deno.mkdir(`${folder}/new/data/iso`, { recursive: true });
  await new FileStore("files", { datadir: `${folder}/new/data` }).add("iso/a", new Uint8Array(1));
  assertEquals(await callsOf(folder, "delete", "iso/a"), ["unlink a", "sync iso"]);
});

durabilityTest(
  "FileStore.rename: the new name is on the disk before the old one goes",
  async (folder) => {
    for (const name of ["old", "new"]) {
      await Deno.mkdir(`${folder}/new/data/${name}`, {
        recursive: true,
      });
    }
    await new FileStore("files", { datadir: `${folder}/new/data` }).add("old/a", new Uint8Array(1));
    assertEquals(await callsOf(folder, "rename", "old/a", "new/b"), [
      ...["link b", "sync new"],
      ...["unlink a", "sync old"],
    ]);
  },
);

durabilityTest("FileStore.copy: the copy is on the disk", async (folder) => {
  await Deno.mkdir(`${folder}/new/data`, { recursive: true });
  await new FileStore("files", { datadir: `${folder}/new/data` }).add("a", new Uint8Array(1));
  assertEquals(await callsOf(folder, "copy", "a", "b"), ["link b", "sync data"]);
});
