/**
 * The file driver against glance_store's, the digests' own limit, and `cat`.
 *
 * Usage: `file.ts [MIB] [FOLDER]`; default: 1,024 MiB, in the folder for temporary files.
 *
 * @module
 */
import { join } from "@std/path";
import { writeRandom } from "../tests/random_file.ts";
import { child, compare, type Contender } from "./harness.ts";

const MIB = 1024 * 1024;

/** Measures add and get of one image. */
export async function files(mib = 1024, parent = "", rounds = 5): Promise<void> {
  const folder = await Deno.makeTempDir({
    prefix: "vitrine-bench-",
    ...(parent && { dir: parent }),
  });
  const source = join(folder, "source");
  const datadir = join(folder, "datadir");
  const bytes = mib * MIB;
  await writeRandom(source, mib);

  const glance = await hasGlance();
  const vitrine = (work: string) => () =>
    child(Deno.execPath(), [
      "run",
      "--allow-all",
      new URL("file_child.ts", import.meta.url).pathname,
      work,
      source,
      datadir,
    ]);
  const python = (work: string) => () =>
    child("/usr/bin/python3", [
      ...[new URL("glance.py", import.meta.url).pathname, "file", work, source, "image"],
      `file://${source}`,
      // Chunks of the size that Vitrine reads and writes.
      JSON.stringify({ filesystem_store_datadir: datadir, filesystem_store_chunk_size: 4_194_304 }),
    ]);
  const clean = (run: Contender["run"]): Contender["run"] => async () => {
    await Deno.remove(datadir, { recursive: true }).catch(() => {});
    await Deno.mkdir(datadir);
    return await run();
  };
  const against = glance ? { against: "glance_store" } : {};
  try {
    await compare(`file add with md5 and sha512 ${mib} MiB`, [
      ...(glance ? [{ name: "glance_store", run: clean(python("add")) }] : []),
      { name: "vitrine, no FFI", ...against, run: clean(vitrine("add-threads")) },
      { name: "vitrine, FFI", ...against, run: clean(vitrine("add")) },
    ], rounds);
    await compare(`file get ${mib} MiB`, [
      { name: "cat", run: () => cat(source, bytes) },
      ...(glance ? [{ name: "glance_store", against: "cat", run: python("get") }] : []),
      { name: "vitrine, BYOB reader", against: "cat", run: vitrine("get-byob") },
      // Where a buffer begins is the reader's choice; whoever allocates it can see that by FFI alone.
      { name: "vitrine, BYOB, whole pages", against: "cat", run: vitrine("get-aligned") },
      { name: "vitrine, default reader", against: "cat", run: vitrine("get-default") },
    ], rounds);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function hasGlance(): Promise<boolean> {
  try {
    const args = ["-c", "import glance_store"];
    return (await new Deno.Command("/usr/bin/python3", { args }).output()).success;
  } catch {
    console.log("glance_store is not installed: bench/install installs it on Debian");
    return false;
  }
}

/** `cat` has no clock of its own: its start is measured with it, some milliseconds. */
async function cat(source: string, bytes: number) {
  const script = 'TIMEFORMAT="%R %U %S"; time cat "$1" >/dev/null';
  const start = performance.now();
  const { stderr } = await new Deno.Command("bash", { args: ["-c", script, "bash", source] })
    .output();
  const seconds = (performance.now() - start) / 1000;
  const [real, user, system] = new TextDecoder().decode(stderr).trim().split(" ").map(Number);
  return { bytes, seconds: real || seconds, cpu: user! + system!, rss: 0 };
}

if (import.meta.main) {
  await files(Number(Deno.args[0] ?? 1024), Deno.args[1]);
}
