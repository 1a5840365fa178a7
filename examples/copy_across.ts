/**
 * Copies every image below a directory of the tree to another store, as streams in bounded memory,
 * each checked against the digests that its store holds.
 *
 * Run it, with a `vitrine.json` or the VITRINE_ variables that name the stores:
 * `deno run --allow-all examples/copy_across.ts /from/images /to/images`
 *
 * @module
 */
import { loadConfig, openStores, Vfs } from "@vitrine/vitrine";

const [from, to] = Deno.args;
const config = await loadConfig();
if (from === undefined || to === undefined || config === undefined) {
  console.error("usage: copy_across.ts FROM TO, with a vitrine.json");
  Deno.exit(2);
}

await using vfs = new Vfs(await openStores(config), { mounts: config.mounts });
for await (const { path, isFile } of vfs.walk(from)) {
  if (!isFile) continue;
  const target = to + path.slice(from.length);
  const { size, checksum } = await vfs.copyFile(path, target);
  console.log(`${path} -> ${target}: ${size} bytes, md5 ${checksum}`);
}
