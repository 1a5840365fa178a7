/**
 * Adds and reads small images, each between two calls that a test finds in a trace.
 *
 * Usage: `small_calls.ts DATADIR`.
 *
 * @module
 */
import { FileStore } from "@vitrine/vitrine/file";

const [datadir] = Deno.args as [string];
await using store = new FileStore("files", { datadir });

/** Makes a call that names what follows. */
async function mark(name: string): Promise<void> {
  await Deno.lstat(`${datadir}/mark-${name}`).catch(() => {});
}

await store.add("other.img", new Uint8Array(1));
for (let n = 0; n < 10; n++) {
  // The same record again needs no new directory.
  await store.add("small.img", new Uint8Array(4096).fill(n));
  await store.delete("small.img");
  await mark("add");
  await store.add("small.img", new Uint8Array(4096).fill(n));
  await mark("end");
  await (await store.get("other.img")).stream.cancel();
  await mark("get");
  const { reader } = await store.get("small.img");
  await reader.read(new Uint8Array(4096));
  await reader.close();
  await mark("end");
  await store.delete("small.img");
}
