/**
 * Reports what a store of the datadir does for a user or a process that may not do everything.
 *
 * @module
 */
import type { SkippedEntry } from "@vitrine/vitrine";
import { FileStore } from "@vitrine/vitrine/file";

const [datadir, ...others] = Deno.args as [string];
const store = new FileStore("files", others.length > 0 ? { datadirs: Deno.args } : { datadir });
const said = (error: Error) => `${error.name}: ${error.message}`;

const skipped: string[] = [];

async function names(directory: string, recursive: boolean): Promise<string[]> {
  const onSkipped = ({ path, reason }: SkippedEntry) => {
    if (recursive) skipped.push(`${path}: ${reason.name}`);
  };
  const entries = await Array.fromAsync(store.list({ directory, recursive, onSkipped }));
  return entries.map(({ path }) => path).sort();
}

console.log(JSON.stringify({
  configure: await store.configure().then(() => "configured", said),
  size: await store.getSize("there").catch(said),
  list: await names("", false).catch(said),
  all: await names("", true).catch(said),
  skipped,
  inside: await names("lost+found", false).catch(said),
  hidden: await store.get("private/d").then(() => "open", said),
  add: await store.add("new", new Uint8Array(1)).then(() => "added", said),
  delete: await store.delete("there").then(() => "deleted", said),
}));
