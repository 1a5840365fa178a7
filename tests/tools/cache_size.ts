/**
 * The size of Deno's cache, for tests of what a user downloads.
 *
 * @module
 */
import { join } from "@std/path";

/**
 * Sums the sizes of all files in a folder.
 *
 * @param folder The folder, with everything below it.
 * @returns The sum in bytes.
 */
export async function sizeOf(folder: string): Promise<number> {
  let size = 0;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    size += isDirectory ? await sizeOf(path) : (await Deno.stat(path)).size;
  }
  return size;
}
