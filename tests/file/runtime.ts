/**
 * What the file driver does in Node and in Bun: bundled and run by `runtimes_test.ts`.
 *
 * @module
 */
import { FileStore } from "@vitrine/vitrine/file";
import process from "node:process";

const [datadir, crash] = process.argv.slice(2);
const store = new FileStore("files", { datadir: datadir! });
const said = (error: Error) => error.message;

async function* source(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(9 * 1024 * 1024);
  if (crash) process.kill(process.pid, "SIGKILL");
  yield new Uint8Array([1, 2, 3]);
}

const { checksum } = await store.add("a/b", source());
let read = 0;
for await (const chunk of (await store.get("a/b", { verify: true })).stream) read += chunk.length;
await store.copy("a/b", "c");
await store.rename("c", "d/e");
const listed: string[] = [];
for await (const { path } of store.list({ recursive: true })) listed.push(path);
const images = listed.filter((path) => !path.startsWith("many/"));
let bytes = 0;
for await (const { size } of store.list({ directory: "many" })) bytes += size!;
const result = {
  checksum,
  stat: (await store.stat("a/b")).checksum,
  read,
  listed: images.sort(),
  many: { images: listed.length - images.length, bytes },
  duplicate: await store.add("d/e", new Uint8Array(1)).catch(said),
  deleted: await store.delete("a/b").then(() => store.get("a/b")).catch(said),
};
await store.close();
console.log(JSON.stringify(result));
