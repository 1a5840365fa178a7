/**
 * What the tests of the file driver share.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";

/** One mebibyte. */
export const MIB: number = 1024 * 1024;

/** Runs a test in a folder of its own, without symbolic links in its path. */
export async function inFolder<T>(test: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    return await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Everything below a folder: paths of files, and of directories with a slash at the end. */
export async function tree(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (!isDirectory) found.push(name);
    else found.push(`${name}/`, ...(await tree(`${folder}/${name}`)).map((x) => `${name}/${x}`));
  }
  return found.sort();
}

/** What a datadir holds besides images: temporary files, digests of no image, empty directories. */
export async function litter(datadir: string): Promise<string[]> {
  const all = await tree(datadir);
  const records = new Set<string>();
  for (const path of all) {
    if (!path.startsWith(".vitrine/digests/") || path.endsWith("/")) continue;
    const record = JSON.parse(await Deno.readTextFile(`${datadir}/${path}`).catch(() => "{}"));
    if (all.includes(record.path)) records.add(path);
  }
  return all.filter((path) => {
    if (/^\.vitrine\/((tmp|digests(\/[0-9a-f]{2})?)\/)?$/.test(path)) return false;
    if (path.endsWith("/")) return !all.some((other) => other !== path && other.startsWith(path));
    return path.startsWith(".vitrine/") && !records.has(path);
  });
}

/** Runs a command to its end and resolves to its output; throws what it said if it failed. */
export async function run(command: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args }).output();
  if (!success) {
    throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }
  return new TextDecoder().decode(stdout);
}

/** The arguments of Deno that run a module of this folder. */
export function moduleArgs(name: string, ...args: string[]): string[] {
  return ["run", "--allow-all", "--quiet", fromFileUrl(import.meta.resolve(`./${name}`)), ...args];
}

/** Whether this process may mount file systems, which takes more than being root in a container. */
export const canMount: boolean = await inFolder(async (folder) => {
  try {
    await run("mount", "-t", "tmpfs", "none", folder);
    await run("umount", folder);
    return true;
  } catch {
    return false;
  }
});

/** Whether a command is installed. */
export async function installed(command: string): Promise<boolean> {
  return await run("sh", "-c", `command -v ${command}`).then(() => true, () => false);
}

/** Runs a test on a file system that is mounted for it. */
export async function withMount<T>(
  args: readonly string[],
  test: (folder: string) => Promise<T>,
): Promise<T> {
  return await inFolder(async (folder) => {
    await run("mount", ...args, folder);
    try {
      return await test(folder);
    } finally {
      await run("umount", "--lazy", folder);
    }
  });
}

/** Counts the descriptors of a process by which a file is open, or anything below a directory. */
export async function descriptorsOf(path: string, pid: number = Deno.pid): Promise<number> {
  const folder = `/proc/${pid}/fd`;
  let count = 0;
  for await (const { name } of Deno.readDir(folder)) {
    // A descriptor may be closed between the two calls.
    const target = await Deno.readLink(`${folder}/${name}`).catch(() => "");
    if (target.startsWith(path)) count++;
  }
  return count;
}
